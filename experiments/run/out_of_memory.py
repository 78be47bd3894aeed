"""The error that a user sees when memory runs out in a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from specs.errors import RunError
from specs.registry import BACKBONES
from specs.run import RunSpec

SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "_ALLOC_FAILED")
"""Parts of the messages of torch, its CPU allocator, cuBLAS and cuDNN when memory runs out."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a GPU's or the machine's memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


@contextmanager
def memory_explained(spec: RunSpec, devices: int) -> Iterator[None]:
    """Replace an error of missing memory in a block by one that says what to do about it.

    Args:
        spec: the spec of the run that the block does.
        devices: the number of devices that share the run.

    Raises:
        RunError: if memory runs out.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, RunError) or not is_out_of_memory(error):
            raise
        recipe = spec.recipe
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        changes = [f"--set batch_size={recipe.batch_size // 2}"] if recipe.batch_size > 1 else []
        changes += ["--set precision=bf16"] if recipe.precision != "bf16" and torch.cuda.is_available() else []
        changes += ["a smaller image_size"]
        raise RunError(
            f"memory ran out while {BACKBONES.short(spec.backbone)} trained with batch_size={recipe.batch_size} and "
            f"image_size={recipe.image_size} on {devices} device(s): {said} What makes room and leaves the batch as it "
            "is: more devices that share it (--devices; each accumulates the gradients of its part), and fewer --jobs "
            f"and --workers beside it. Else change the recipe: {' or '.join(changes)}; but another batch, precision or "
            "size is another run, whose numbers stand for themselves."
        ) from error
