"""The protocols of what carries runs out somewhere: a registered executor, and its dispatcher for one planner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from experiments.run.places import Places
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun


@dataclass(frozen=True)
class Conditions:
    """How the runs of a command are carried out; none of it changes a result but what a recipe says of devices.

    Attributes:
        places: where data and runs are; every machine that takes part sees them under the same paths.
        notes: a folder of this planner in the run store, where jobs that outlive it may leave notes.
        jobs: the most runs at the same time; None lets the executor decide.
        workers: threads of each device that load data.
        devices: that share each run.
    """

    places: Places
    notes: Path
    jobs: int | None = None
    workers: int = 0
    devices: int = 1


@dataclass(frozen=True)
class Job:
    """What a run was started as.

    Attributes:
        name: by which the executor knows it, in other processes too.
        log: where its output goes, if that is known already.
    """

    name: str
    log: Path | None = None


@dataclass(frozen=True)
class JobState:
    """What an executor sees of a job; ``unknown`` if it cannot be seen from here.

    Attributes:
        state: whether it waits, runs, or is over.
        why: it waits, or how it ended, in words.
    """

    state: Literal["queued", "running", "ended", "unknown"]
    why: str = ""


class Dispatcher(Protocol):
    """Carries out one planner's runs. Whether a run is done is read from the run store, never from here."""

    @property
    def queues(self) -> bool:
        """Whether it takes runs whose requirements still go on, and starts each after these."""
        ...

    @property
    def free(self) -> int:
        """How many more runs it would take now."""
        ...

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        """Start runs.

        Args:
            runs: no more than are free.
            after: names of the jobs, by key, of requirements that still go on; only if it queues.

        Returns:
            Each run's job, by key.
        """
        ...

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        """What has happened; waits until something has, at most so many seconds."""
        ...

    def close(self) -> None:
        """Give everything back; ends what cannot go on without the planner."""
        ...


class Executor(Protocol):
    """A way to carry runs out, registered under a name; a light object that holds its settings only."""

    def start(self, conditions: Conditions) -> Dispatcher:
        """Get ready for a planner's runs.

        Raises:
            UsageError: if this machine or the conditions do not allow it.
        """
        ...

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        """What is seen of jobs, whoever started them."""
        ...

    def cancel(self, jobs: Iterable[str]) -> None:
        """End jobs, and do not wait for it; those that are over are left alone."""
        ...
