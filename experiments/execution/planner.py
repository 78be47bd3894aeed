"""The planner: add required runs, drop those that are done, and start the rest in the order of their dependencies."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from experiments.execution.executor import Dispatcher
from experiments.execution.planner_notes import PlannerNotes
from experiments.run.attempts import epochs_done
from experiments.run.ddp.launch_environment import check_alone
from experiments.run.progress import Finished, Progress
from experiments.run.resolve import ResolvedRun
from experiments.run.store import RunStore
from specs.errors import RunError, StorageError
from specs.expression import parse

PATIENCE, LONGEST = 2.0, 30.0
"""Seconds between two looks at the notes of other planners on the same store, at the start and after ten minutes."""


@dataclass
class Plan:
    """The runs of a table and their state.

    Attributes:
        runs: all runs by key, each after those that it needs.
        store: the run store that holds the runs' records.
        done: keys of the runs whose records are in the store.
        running: the finished share of the epochs, in [0, 1], of each run that was started, by key.
        queued: keys of the runs among ``running`` that still wait for resources of a cluster.
        failed: how each failed run ended, by key; runs whose required run failed are among them.
    """

    runs: dict[str, ResolvedRun]
    store: RunStore
    done: set[str] = field(default_factory=set)
    running: dict[str, float] = field(default_factory=dict)
    queued: set[str] = field(default_factory=set)
    failed: dict[str, Finished] = field(default_factory=dict)

    @property
    def waiting(self) -> list[ResolvedRun]:
        """The runs that are neither done, running nor failed, in the order of ``runs``."""
        busy = self.done | set(self.running) | set(self.failed)
        return [run for key, run in self.runs.items() if key not in busy]


def plan(wanted: Iterable[ResolvedRun], store: RunStore) -> Plan:
    """The wanted runs and all that they require; what a finished run required is left out unless it is there too."""
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


def carry_out(
    plan: Plan, dispatcher: Dispatcher, watch: Callable[[Plan], None], notes: PlannerNotes | None = None
) -> None:
    """Do the missing runs; a failed run stops only those that need it.

    Args:
        plan: the runs to do; the plan's state is changed as runs start, go on and end.
        dispatcher: the dispatcher that starts the runs; it is closed at the end, whatever happens.
        watch: a function that is called with the plan after each change.
        notes: the planner's notes, which also say which runs other planners are doing; these are waited for. None
            takes no notes and looks for no other planners.

    Raises:
        UsageError: if this process was started together with others, which would do the same runs.
    """
    work = _Work(plan, dispatcher, notes)
    try:
        check_alone()
        if notes:
            notes.open({run.key: run for run in plan.waiting})
        while True:
            work.start()
            watch(plan)
            if not plan.running:
                return
            for event in dispatcher.events(PATIENCE):
                work.take(event)
    finally:
        dispatcher.close()
        if notes:
            notes.close()


class _Work:
    """The state of a plan's jobs while the plan is carried out."""

    def __init__(self, plan: Plan, dispatcher: Dispatcher, notes: PlannerNotes | None) -> None:
        self.plan, self.dispatcher, self.notes = plan, dispatcher, notes
        self.jobs: dict[str, str] = {}
        self.elsewhere: set[str] = set()
        self._began, self._looked = time.monotonic(), -math.inf

    def start(self) -> None:
        """Start the runs that can start; fail those that require a failed run, and all once the disk is full."""
        self._look_elsewhere()
        taken: dict[str, ResolvedRun] = {}
        full = any(failed.exit_status == StorageError.exit_status for failed in self.plan.failed.values())
        for run in self.plan.waiting:
            if full:
                self.take(Finished(run.key, "not started, since the disk is full", StorageError.exit_status))
            elif broken := _broken(self.plan, run):
                self.take(broken)
            elif len(taken) < self.dispatcher.free and all(self._satisfied(need, taken) for need in run.requires):
                taken[run.key] = run
        # A run that waits for the job of another run is submitted after it, because it needs the name of that job.
        while taken:
            wave = [run for run in taken.values() if not any(need.key in taken for need in run.requires)]
            after = {need.key: self.jobs[need.key] for run in wave for need in run.requires if need.key in self.jobs}
            started = self.dispatcher.submit(wave, after)
            self.jobs |= {key: job.name for key, job in started.items()}
            self.plan.running |= {run.key: 0.0 for run in wave}
            if self.dispatcher.queues:
                self.plan.queued |= started.keys()
            if self.notes:
                self.notes.started(started)
            for run in wave:
                del taken[run.key]

    def _satisfied(self, need: ResolvedRun, taken: Mapping[str, ResolvedRun]) -> bool:
        if need.key in self.plan.done:
            return True
        return self.dispatcher.queues and (need.key in self.jobs or need.key in taken)

    def take(self, event: Progress | Finished) -> None:
        """Change the plan by an event: a run's progress or its end."""
        self.plan.queued.discard(event.key)
        if isinstance(event, Progress):
            self.plan.running[event.key] = event.epoch / event.epochs
            return
        self.plan.running.pop(event.key, None)
        self.jobs.pop(event.key, None)
        # A job that waited for a failed one was removed from the queue; a reader is told of the failure instead.
        ended = (_broken(self.plan, self.plan.runs[event.key]) or event) if event.error else _seen(self.plan, event)
        if ended.error is None:
            self.plan.done.add(event.key)
            return
        self.plan.failed[event.key] = ended
        if self.notes:
            with suppress(StorageError):  # the failure itself may be a full disk; it is shown at the end all the same
                self.notes.failed(ended)

    def _look_elsewhere(self) -> None:
        """Read which runs other planners are doing, and whether those seen before have finished."""
        now = time.monotonic()
        if self.notes is None or now - self._looked < min(LONGEST, max(PATIENCE, (now - self._began) / 20)):
            return
        self._looked = now
        open_ones = {run.key for run in self.plan.waiting} | self.elsewhere
        seen = self.notes.elsewhere(open_ones)
        for key in self.elsewhere - set(seen):
            del self.plan.running[key]
            self.plan.queued.discard(key)
            self.jobs.pop(key, None)
            if self.notes.store.record(key) is not None:
                self.plan.done.add(key)
        for key, one in seen.items():
            done, epochs = epochs_done(self.notes.store, key) or (0, 1)
            self.plan.running[key] = done / epochs
            (self.plan.queued.add if one.queued else self.plan.queued.discard)(key)
            if parse(one.executor).name == parse(self.notes.executor).name:
                self.jobs[key] = one.job  # runs that need it can be submitted after it
        self.elsewhere = set(seen)


def _broken(plan: Plan, run: ResolvedRun) -> Finished | None:
    """The failure of a run because a run that it requires failed; None if none did."""
    for need in run.requires:
        if first := plan.failed.get(need.key):
            error = f"the pretraining {need.key[:12]} that it starts from failed: {first.error}"
            return Finished(run.key, error, first.exit_status, first.log)
    return None


def _seen(plan: Plan, finished: Finished) -> Finished:
    """Wait until the record of a finished run, perhaps of another machine, is seen here; a failure if it never is."""
    try:
        plan.store.published(finished.key)
    except RunError as error:
        return Finished(finished.key, str(error), error.exit_status, finished.log)
    return finished
