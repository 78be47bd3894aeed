"""What to do when torch.compile cannot compile a recipe's network on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from specs.errors import RunError
from specs.recipe import Recipe


@contextmanager
def compiling(recipe: Recipe) -> Iterator[None]:
    """Turn a failure of torch.compile during a training into an error that says what to do.

    Compilation begins in the first training step, so the block must hold the training.

    Raises:
        RunError: if the compiler fails.
    """
    try:
        yield
    except RuntimeError as error:
        from torch._dynamo.exc import TorchDynamoException

        if not (recipe.compiled and isinstance(error, TorchDynamoException)):
            raise
        reason = " ".join(str(error).split("\n\n")[0].split())
        raise RunError(
            f"recipe: compiled=True, and torch.compile failed ({type(error).__name__}: {reason}). It needs a C++ "
            "compiler such as g++ on a CPU, and Triton on a GPU. Install it, or use compiled=False: another run."
        ) from error
