"""A check that losses stay finite, which does not make the CPU wait for a GPU."""

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
    """A loss that is being copied from a GPU, with the words that say where it was computed."""

    value: Tensor
    there: torch.cuda.Event
    where: str


class FiniteLoss:
    """Checks that the loss of each step is finite.

    A loss on a GPU is checked one step later: to read it at once, the CPU would have to wait in every step until the
    GPU has finished its work. By then the weights were updated once more, but nothing uses these weights after the
    error.
    """

    def __init__(self) -> None:
        self._last: _Copied | None = None

    def look(self, loss: Tensor, where: str) -> None:
        """Check the loss of a step; on a GPU, that of the step before.

        Args:
            loss: the loss of the step, a scalar tensor.
            where: where the loss was computed, in words, for the error message.

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
        """Check the loss that is still waiting to be checked, if there is one.

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
