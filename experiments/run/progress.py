"""Messages about the progress of a run and about its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from specs.errors import MedtransferError, RunError


class Report(Protocol):
    """A function that is told the progress of a run, when training begins and after each epoch."""

    def __call__(self, epoch: int, epochs: int, /) -> None:
        """Take the number of finished epochs and the largest number that there can be."""
        ...


def silent(epoch: int, epochs: int, /) -> None:
    """A ``Report`` that does nothing."""


@dataclass(frozen=True)
class Progress:
    """The message that a run has begun to train or finished an epoch.

    Attributes:
        key: the run's key.
        epoch: the number of finished epochs.
        epochs: the largest number of epochs that there can be.
    """

    key: str
    epoch: int
    epochs: int


@dataclass(frozen=True)
class Finished:
    """The message that a run has ended.

    Attributes:
        key: the run's key.
        error: what went wrong, in words; None if the run's record is published.
        exit_status: the exit status that belongs to the kind of error; 0 if there is no error.
        log: the file that holds the run's output; None if there is none or it is not known.
    """

    key: str
    error: str | None = None
    exit_status: int = 0
    log: Path | None = None


def failed(key: str, error: Exception, log: Path | None = None) -> Finished:
    """The message that a run has ended with an error."""
    if isinstance(error, MedtransferError):
        return Finished(key, str(error), error.exit_status, log)
    return Finished(key, f"{type(error).__name__}: {error}", RunError.exit_status, log)
