"""The protocols of executors: a registered ``Executor`` holds settings, its ``Dispatcher`` does one planner's runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from experiments.run.paths import Paths
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun


@dataclass(frozen=True)
class Conditions:
    """How the runs of a command are carried out.

    None of it changes a result, except the number of devices where a recipe lets it.

    Attributes:
        paths: where data and runs are; every machine that takes part sees them under the same paths.
        notes: a folder of this planner in the run store, where jobs that outlive it may leave notes.
        jobs: the most runs at the same time; None lets the executor decide.
        workers: threads of each device that load data.
        devices: the number of devices (GPUs or CPU processes) that share each run, at least 1.
    """

    paths: Paths
    notes: Path
    jobs: int | None = None
    workers: int = 0
    devices: int = 1


@dataclass(frozen=True)
class Job:
    """The job that an executor started for a run: a process, or a job of a cluster.

    Attributes:
        name: the name by which the executor knows the job, in other processes too.
        log: the file that the job's output goes to; None if it is not known yet.
    """

    name: str
    log: Path | None = None


@dataclass(frozen=True)
class JobState:
    """The state of a job, as far as its executor can see it.

    Attributes:
        state: whether the job waits (``queued``), runs or has ended; ``unknown`` if it cannot be seen from here.
        why: the reason for the state in words: why the job waits, how it ended, or why it cannot be seen.
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
        """Start runs, each as a job.

        Args:
            runs: the runs to start, at most ``free`` of them.
            after: the names of the jobs of required runs that have not ended, by the key of the required run; empty
                unless the dispatcher ``queues``.

        Returns:
            The job of each run, by the run's key.
        """
        ...

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        """Wait for news of the runs, for at most ``patience`` seconds, and give what has happened."""
        ...

    def close(self) -> None:
        """Release all resources, and end the runs that cannot go on without the planner."""
        ...


class Executor(Protocol):
    """A way to carry out runs, registered under a name. The object holds settings only; ``start`` does the work."""

    def check(self, devices: int) -> None:
        """Refuse settings that can never work with a number of devices for each run; dry runs ask for this, too.

        Raises:
            UsageError: says what does not fit.
        """
        ...

    def start(self, conditions: Conditions) -> Dispatcher:
        """Make a dispatcher for the runs of a planner.

        Raises:
            UsageError: if this machine or the conditions do not allow it.
        """
        ...

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        """The states of jobs by name, whoever started them."""
        ...

    def cancel(self, jobs: Iterable[str]) -> None:
        """Ask for the end of jobs without waiting for it; jobs that have ended are left alone."""
        ...
