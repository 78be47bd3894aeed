"""Doing what is missing: close over required runs, drop what is done, start the rest in dependency order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from experiments.executor import Executor, Finished, Progress
from experiments.resolve import ResolvedRun
from experiments.store import RunStore
from specs.errors import RunError, StorageError


@dataclass
class Plan:
    """The runs of a table and their state.

    Attributes:
        runs: all runs by key, each after those that it needs.
        done: keys of the runs whose records are in the store.
        running: keys of the runs that go on, with the finished share of their epochs.
        failed: what ended badly, by key; a run whose requirement failed is among them.
        store: where their records are.
    """

    runs: dict[str, ResolvedRun]
    store: RunStore
    done: set[str] = field(default_factory=set)
    running: dict[str, float] = field(default_factory=dict)
    failed: dict[str, Finished] = field(default_factory=dict)

    @property
    def waiting(self) -> list[ResolvedRun]:
        """The runs that are neither done, running nor failed, in order."""
        busy = self.done | set(self.running) | set(self.failed)
        return [run for key, run in self.runs.items() if key not in busy]


def plan(wanted: Iterable[ResolvedRun], store: RunStore) -> Plan:
    """The wanted runs and what they need, with what is done already; a done run's needs need not be there any more."""
    runs: dict[str, ResolvedRun] = {}
    done: set[str] = set()

    def add(run: ResolvedRun) -> None:
        if run.key in runs:
            return
        finished = store.record(run.key) is not None
        if finished:
            done.add(run.key)
        for need in run.requires:
            if not finished or store.record(need.key) is not None:
                add(need)
        runs[run.key] = run

    # Pretrainings first: many runs wait for each of them.
    ordered = sorted(wanted, key=lambda run: not run.requires)
    for run in ordered:
        add(run)
    return Plan(runs, store, done)


def carry_out(plan: Plan, executor: Executor, watch: Callable[[Plan], None]) -> None:
    """Do the missing runs; a failed run stops only those that need it.

    Args:
        plan: its state is changed as runs go on and end.
        executor: starts the runs; it is closed at the end, whatever happens.
        watch: called after each change.
    """
    try:
        while True:
            _start(plan, executor)
            watch(plan)
            if not plan.running:
                return
            for event in executor.events():
                if isinstance(event, Progress):
                    plan.running[event.key] = event.epoch / event.epochs
                    continue
                del plan.running[event.key]
                ended = event if event.error else _seen(plan, event)
                if ended.error is None:
                    plan.done.add(event.key)
                else:
                    plan.failed[event.key] = ended
    finally:
        executor.close()


def _seen(plan: Plan, finished: Finished) -> Finished:
    """A run that has finished, perhaps on another machine, once its record is seen here, or why it is not."""
    try:
        plan.store.published(finished.key)
    except RunError as error:
        return Finished(finished.key, str(error), error.exit_status, finished.log)
    return finished


def _start(plan: Plan, executor: Executor) -> None:
    """Start what can start; give up what waits for a failed run, and everything once the disk is full."""
    full = any(failed.exit_status == StorageError.exit_status for failed in plan.failed.values())
    for run in plan.waiting:
        broken = [need for need in run.requires if need.key in plan.failed]
        if full:
            plan.failed[run.key] = Finished(run.key, "not started, since the disk is full", StorageError.exit_status)
        elif broken:
            first = plan.failed[broken[0].key]
            error = f"the pretraining {broken[0].key[:12]} that it starts from failed: {first.error}"
            plan.failed[run.key] = Finished(run.key, error, first.exit_status, first.log)
        elif executor.free > 0 and all(need.key in plan.done for need in run.requires):
            executor.submit(run)
            plan.running[run.key] = 0.0
