"""An executor as another distribution would bring it: one run after the other, in the planner's own process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.execution.executor import Conditions, Job, JobState
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun
from experiments.run.runner import run


@dataclass(frozen=True)
class InTurn:
    """Runs in the planner's process."""

    prefix: str = "turn"

    def check(self, devices: int) -> None:
        """Any number of devices fits."""

    def start(self, conditions: Conditions) -> InTurnDispatcher:
        return InTurnDispatcher(conditions, self.prefix)

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        return {job: JobState("ended", "it went with its planner") for job in jobs}

    def cancel(self, jobs: Iterable[str]) -> None:
        pass


class InTurnDispatcher:
    """Does what it is given when it is asked what has happened."""

    queues = False

    def __init__(self, conditions: Conditions, prefix: str) -> None:
        self.conditions, self.prefix = conditions, prefix
        self.waiting: list[ResolvedRun] = []

    @property
    def free(self) -> int:
        return 1 - len(self.waiting)

    def submit(self, runs: Sequence[ResolvedRun], after: Mapping[str, str]) -> dict[str, Job]:
        self.waiting += runs
        return {one.key: Job(f"{self.prefix} {one.key}") for one in runs}

    def events(self, patience: float) -> Iterator[Progress | Finished]:
        while self.waiting:
            one = self.waiting.pop()
            run(one.spec, self.conditions.paths, devices=self.conditions.devices)
            yield Finished(one.key)

    def close(self) -> None:
        self.waiting.clear()
