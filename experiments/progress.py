"""How a run says how far it is."""

from __future__ import annotations

from typing import Protocol


class Report(Protocol):
    """Called with the number of finished epochs and the most there can be, when training begins and after each."""

    def __call__(self, epoch: int, epochs: int, /) -> None:
        """Take notice of how far a run is."""
        ...


def silent(epoch: int, epochs: int, /) -> None:
    """A report that goes nowhere."""
