"""Whether losses stay finite, without making a GPU wait for the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from specs.errors import RunError

REMEDIES = (
    "Expected finite numbers; lower the learning rate or use precision 32, as with --set (another run), and look for "
    "broken values in the images and the initial weights. The same run would end the same way."
)


@dataclass(frozen=True)
class _Copied:
    """A loss on its way from a GPU, and what to say of it."""

    value: Tensor
    there: torch.cuda.Event
    where: str


class FiniteLoss:
    """Looks at the loss of each step.

    A loss on a GPU is looked at one step later: to read it at once, the processor would wait until the GPU has nothing
    left to do, in every step. By then one more update was made from it, of weights that nobody will see.
    """

    def __init__(self) -> None:
        self._last: _Copied | None = None

    def look(self, loss: Tensor, where: str) -> None:
        """Look at the loss of a step, or at the one before it.

        Args:
            loss: a scalar.
            where: it was computed, in words.

        Raises:
            RunError: if it is not finite.
        """
        if loss.device.type != "cuda":
            _check(loss.item(), where)
            return
        self.settle()
        value = torch.empty((), dtype=loss.dtype, pin_memory=True)
        value.copy_(loss.detach(), non_blocking=True)
        there = torch.cuda.Event()  # type: ignore[no-untyped-call]
        there.record()
        self._last = _Copied(value, there, where)

    def settle(self) -> None:
        """Look at what has not been looked at.

        Raises:
            RunError: if it is not finite.
        """
        last, self._last = self._last, None
        if last is not None:
            last.there.synchronize()
            _check(last.value.item(), last.where)


def _check(value: float, where: str) -> None:
    if not math.isfinite(value):
        raise RunError(f"the loss is {value} {where}. {REMEDIES}")
