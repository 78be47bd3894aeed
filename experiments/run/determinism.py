"""A recipe's deterministic mode: torch's deterministic algorithms for as long as a run needs them.

On a CPU a run gives the same numbers without it. On a GPU some operations add numbers in a random order; this mode
takes other kernels, or fails if there are none (https://docs.pytorch.org/docs/stable/notes/randomness.html).

On a CPU its cost is within the variation of timings: 0.99 times the speed of a tiny network and 1.02 times that of a
ResNet-18 (``python -m benchmarks.train_step``). On a GPU it has not been measured; the same command measures it there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from specs.errors import RunError
from specs.recipe import Recipe

VARIABLE, WORKSPACE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
"""The variable that makes cuBLAS deterministic (https://docs.nvidia.com/cuda/cublas/#results-reproducibility), and the
value that is set if there is none; it is read when CUDA starts."""

KNOWN = (WORKSPACE, ":16:8")
"""The values of the variable that give the same results each time."""

REFUSALS = ("does not have a deterministic implementation", "Deterministic behavior was enabled")
"""Parts of torch's messages that an operation is not deterministic."""


@contextmanager
def deterministic(recipe: Recipe) -> Iterator[None]:
    """Turn on torch's deterministic algorithms in a block if the recipe asks for them; afterwards restore all settings.

    Raises:
        RunError: if an operation has no deterministic form, or CUDA has started in this process with another setting.
    """
    if not recipe.deterministic:
        yield
        return
    configured = os.environ.get(VARIABLE)
    if configured not in KNOWN:
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            raise RunError(
                f"recipe: deterministic=True needs {VARIABLE}={WORKSPACE} from before CUDA starts, found {configured} "
                f"in a process that has used CUDA. Set it (export {VARIABLE}={WORKSPACE}) and start the program again."
            )
        os.environ[VARIABLE] = WORKSPACE
    mode, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    benchmark = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False  # it would pick kernels by their time, which differs between runs
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error) for words in REFUSALS):
            raise
        raise RunError(
            f"recipe: deterministic=True, and an operation of this network has no deterministic form here: {error} "
            "Use deterministic=False, which is another run, or another backbone or device."
        ) from error
    finally:
        torch.use_deterministic_algorithms(mode, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark
        if configured is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = configured
