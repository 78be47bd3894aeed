"""The settings that every call of a session uses: folders, executor, wandb, and functions that report progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property

from datamodules.dataset.in_words import in_words
from experiments.execution.executor import Conditions, Executor
from experiments.execution.planner import Plan, carry_out
from experiments.execution.planner_notes import PlannerNotes
from experiments.reporting.wandb.live import followed
from experiments.reporting.wandb.modes import Mode
from experiments.run.paths import Paths
from experiments.run.resolve import ResolvedRun, Resolver
from experiments.run.store import Record, RunStore
from experiments.session.mirroring import Mirroring
from specs.registry import DATASETS, EXECUTORS
from specs.titles import title

ProgressCallback = Callable[[Plan], None]
"""A function that is called with a plan after each change of its state: which runs are done, running or failed."""

Say = Callable[[str], None]
"""A function that is called with a sentence that a user should see at once, such as a warning."""


StepsCallback = Callable[[str, int, int | None], None]
"""A function that is called with the name of a step, such as ``fetch a.npz``, how much of it is done, and of how much;
the last is None if it is not known. The unit is bytes for fetching and unpacking, and images for preparing."""


def no_steps(what: str, done: int, total: int | None) -> None:
    """A callback for steps that does nothing."""


def no_progress(plan: Plan) -> None:
    """A progress callback that does nothing."""


def _both(first: ProgressCallback, second: ProgressCallback) -> ProgressCallback:
    def called(plan: Plan) -> None:
        first(plan)
        second(plan)

    return called


def say_nothing(text: str) -> None:
    """A callback for sentences that does nothing."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The settings of a session; none of them changes a result.

    Attributes:
        paths: the folders of data, runs and prepared images.
        executor: the expression of the executor that carries out runs, such as ``local`` or ``slurm(partition="gpu")``.
        devices: the number of GPUs, or of CPU processes where there are none, that share each batch of a run.
        jobs: the most runs at the same time; None lets the executor decide.
        workers: the number of threads per device that load data.
        wandb: whether runs and tables are mirrored into wandb: ``offline``, ``online`` or ``disabled``.
        progress: a function that is told of every change while runs are carried out.
        say: a function that is told sentences that a user should see at once.
        steps: a function that is told the progress of fetching, unpacking and preparing.
        offline: whether nothing may be fetched; missing files are then an error.
        told_already: the sentences on images that were said already, which are not repeated.
    """

    paths: Paths
    executor: str = "local"
    devices: int = 1
    jobs: int | None = None
    workers: int = 0
    wandb: Mode = "offline"
    progress: ProgressCallback = no_progress
    say: Say = say_nothing
    steps: StepsCallback = no_steps
    offline: bool = False
    told_already: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def store(self) -> RunStore:
        """The run store."""
        return RunStore(self.paths.runs)

    def resolver(self) -> Resolver:
        """A new resolver for the runs of one call, which opens each dataset once."""
        return Resolver(self.paths, self.devices)

    def carry_out(self, plan: Plan, group: str = "") -> None:
        """Do the missing runs of a plan; runs that fail are in ``plan.failed`` afterwards.

        With wandb online, the epochs of runs are shown there while they go on.

        Args:
            plan: the plan to carry out, which is changed.
            group: the name of the runs' group in wandb, such as the table's name; empty: they get it afterwards.

        Raises:
            UsageError: if the executor is unknown, or cannot be used here.
        """
        self.warn(plan.runs.values())
        if not plan.waiting:
            return
        executor: Executor = EXECUTORS.build(self.executor)
        notes = PlannerNotes(self.store, str(EXECUTORS.bind(self.executor)))
        conditions = Conditions(self.paths, notes.folder, self.jobs, self.workers, self.devices)
        with ExitStack() as stack:
            watch = self.progress
            if self.wandb == "online":
                show = stack.enter_context(followed(self.store.root / "wandb", group, self.store, self.say))
                watch = _both(self.progress, show)
            carry_out(plan, executor.start(conditions), watch, notes)

    def warn(self, runs: Iterable[ResolvedRun]) -> list[str]:
        """Say the numbers of images of runs, and warnings about these images; each sentence only once in a session.

        Returns:
            The warnings that were said in this call.
        """
        runs = list(runs)
        for run in runs:
            dataset = str(DATASETS.short(run.spec.dataset))
            told = f"images of {dataset} ({run.spec.edition})"
            if run.counts is not None and told not in self.told_already:
                self.told_already.add(told)
                fold = f" in fold {run.spec.fold}" if run.spec.fold else ""
                self.say(f"{title(DATASETS, run.spec.dataset)}{fold}: {in_words(run.counts)}.")
        found = [f"{DATASETS.short(run.spec.dataset)}: {warning}" for run in runs for warning in run.warnings]
        new = [text for text in dict.fromkeys(found) if text not in self.told_already]
        self.told_already.update(new)
        for text in new:
            self.say(f"warning: {text}.")
        return new

    def records_of(self, plan: Plan) -> list[Record]:
        """The records of a plan's finished runs, in the plan's order."""
        return [record for key in plan.runs if (record := self.store.record(key)) is not None]

    @cached_property
    def mirroring(self) -> Mirroring:
        """The collector of the runs and tables that will be mirrored into wandb."""
        return Mirroring(self.store.root / "wandb", self.wandb, self.say)

    def told(self, what: str) -> Callable[[int, int], None]:
        """A function that says how many of several things are done, such as ``timed networks: 2 of 5``."""

        def report(done: int, count: int, /) -> None:
            self.say(f"{what}: {done} of {count}")

        return report
