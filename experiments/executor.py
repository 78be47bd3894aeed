"""The protocol that carries runs out somewhere, and what it reports back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiments.resolve import ResolvedRun


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


class Executor(Protocol):
    """Carries out runs. Whether a run is done is read from the run store, never from an executor."""

    @property
    def free(self) -> int:
        """How many more runs it would start at once."""
        ...

    def submit(self, run: ResolvedRun) -> None:
        """Start a run whose requirements are done."""
        ...

    def events(self) -> Iterator[Progress | Finished]:
        """What has happened; waits until something has."""
        ...

    def close(self) -> None:
        """End what is still going on and give everything back."""
        ...
