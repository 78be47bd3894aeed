"""How a run says how far it is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from specs.errors import MedtransferError, RunError


class Report(Protocol):
    """Called with the number of finished epochs and the most there can be, when training begins and after each."""

    def __call__(self, epoch: int, epochs: int, /) -> None:
        """Take notice of how far a run is."""
        ...


def silent(epoch: int, epochs: int, /) -> None:
    """A report that goes nowhere."""


@dataclass(frozen=True)
class Progress:
    """A run has begun to train or finished an epoch; ``epoch`` counts the finished ones."""

    key: str
    epoch: int
    epochs: int


@dataclass(frozen=True)
class Finished:
    """A run has ended.

    Attributes:
        error: what went wrong, or None if its record is published.
        exit_status: of the kind of error; 0 if there is none.
        log: where its output is, if it left any.
    """

    key: str
    error: str | None = None
    exit_status: int = 0
    log: Path | None = None


def failed(key: str, error: Exception, log: Path | None = None) -> Finished:
    """How a run ended in an error."""
    if isinstance(error, MedtransferError):
        return Finished(key, str(error), error.exit_status, log)
    return Finished(key, f"{type(error).__name__}: {error}", RunError.exit_status, log)
