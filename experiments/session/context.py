"""What every call of a session works with: paths, executor, wandb, and who is told of progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from experiments.execution.executor import Conditions, Executor
from experiments.execution.journal import Journal
from experiments.execution.planner import Plan, carry_out
from experiments.reporting.wandb.dashboard import Mode, mirror_runs
from experiments.run.places import Places
from experiments.run.resolve import Resolver
from experiments.run.store import Record, RunStore
from specs.registry import EXECUTORS

ProgressCallback = Callable[[Plan], None]
"""Called with the state of a plan after each change: its runs that are done, running, queued and failed."""

Say = Callable[[str], None]
"""Called with a sentence that a user should see at once, such as a warning, or how many runs were measured."""


StepsCallback = Callable[[str, int, int | None], None]
"""Called with what is done, such as ``fetch a.npz``, and how much of it is done, of how much where that is known: bytes
of what is fetched or unpacked, images of what is prepared."""


def no_steps(what: str, done: int, total: int | None) -> None:
    """Takes no notice of what has come or been prepared."""


def no_progress(plan: Plan) -> None:
    """A progress callback that does nothing."""


def say_nothing(text: str) -> None:
    """Takes no notice of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The settings of a session; none of them changes a result.

    Attributes:
        paths: where data and runs are.
        executor: expression of what carries runs out, such as ``local`` or ``slurm(partition="gpu")``.
        devices: GPUs, or processes where there are none, that share each batch of a run.
        jobs: the most runs at the same time; None lets the executor decide.
        workers: threads per device that load data.
        wandb: whether what was done is mirrored into wandb: ``offline``, ``online`` or ``disabled``.
        progress: told of every change while runs are carried out.
        say: told sentences that a user should see at once.
        steps: told how much has come of what is fetched, and how many images are prepared.
        offline: whether nothing is fetched; what is not there is then an error.
    """

    paths: Places
    executor: str = "local"
    devices: int = 1
    jobs: int | None = None
    workers: int = 0
    wandb: Mode = "offline"
    progress: ProgressCallback = no_progress
    say: Say = say_nothing
    steps: StepsCallback = no_steps
    offline: bool = False

    @property
    def store(self) -> RunStore:
        """The run store."""
        return RunStore(self.paths.runs)

    def resolver(self) -> Resolver:
        """What resolves the runs of one call; it opens each dataset once and forgets them with itself."""
        return Resolver(self.paths, self.devices)

    def carry_out(self, plan: Plan) -> None:
        """Do the runs of a plan that are missing; those that fail are in ``plan.failed`` afterwards.

        Raises:
            UsageError: if the executor is unknown, or cannot be used here.
        """
        if not plan.waiting:
            return
        executor: Executor = EXECUTORS.build(self.executor)
        journal = Journal(self.store, str(EXECUTORS.bind(self.executor)))
        conditions = Conditions(self.paths, journal.folder, self.jobs, self.workers, self.devices)
        carry_out(plan, executor.start(conditions), self.progress, journal)

    def records_of(self, plan: Plan) -> list[Record]:
        """The records of a plan's runs that are done, in the plan's order."""
        return [record for key in plan.runs if (record := self.store.record(key)) is not None]

    def mirror(self, records: Iterable[Record], group: str) -> None:
        """Write records that are not mirrored yet into wandb, as runs of a group."""
        mirror_runs(records, group, self.store.root / "wandb", self.wandb)

    def told(self, what: str) -> Callable[[int, int], None]:
        """A report of how many of several things are done, such as ``timed networks: 2 of 5``."""

        def report(done: int, count: int, /) -> None:
            self.say(f"{what}: {done} of {count}")

        return report
