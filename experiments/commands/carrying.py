"""Carrying a plan's missing runs out, as every command does that trains."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from experiments.commands.options import places

if TYPE_CHECKING:
    from experiments.executor import Executor
    from experiments.planner import Plan


def do_runs(work: Plan, options: argparse.Namespace) -> None:
    """Do the runs that are missing, with a line on the terminal that says how far they are.

    Raises:
        UsageError: if the executor is unknown, or cannot be used here.
    """
    if not work.waiting:
        return
    from rich.console import Console

    from experiments.display import Display
    from experiments.executor import Conditions
    from experiments.journal import Journal
    from experiments.planner import carry_out
    from experiments.store import RunStore
    from specs.registry import EXECUTORS

    where = places(options)
    executor: Executor = EXECUTORS.build(options.executor)
    journal = Journal(RunStore(where.runs), str(EXECUTORS.bind(options.executor)))
    session = executor.start(Conditions(where, journal.folder, options.jobs, options.workers, options.devices))
    with Display(Console(stderr=True)) as display:
        carry_out(work, session, display, journal)
