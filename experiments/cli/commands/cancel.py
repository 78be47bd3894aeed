"""End runs that are running or queued, whoever started them; their checkpoints stay, and they can go on from these.

medtransfer cancel 1a64a694        one run, by the start of its key
medtransfer cancel --all           every run, and the commands on this machine that wait for them
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_paths, paths_of
from experiments.cli.commands.status import chosen
from specs.errors import RunError, UsageError

if TYPE_CHECKING:
    from experiments.execution.executor import Executor
    from experiments.execution.run_status import RunState

HELP = "end runs that are running or queued"

PATIENCE = 20.0
"""Seconds that an interrupted command has to end its runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer cancel``."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("ended", nargs="*", default=[], metavar="RUN", help="start of a run's key")
    which.add_argument("--all", action="store_true", help="every run of the store that is running or queued")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """End the runs that were named; returns exit status 2 if a run could not be ended from this machine."""
    from experiments.execution.planner_notes import plans
    from experiments.execution.run_status import run_states
    from experiments.run.machine.processes import alive, end
    from experiments.run.store import RunStore

    store = RunStore(paths_of(options).runs)
    if options.all:
        # The commands are ended first; otherwise they would start the next runs.
        interrupted = [planned.planner for planned in plans(store) if alive(planned.planner)]
        for planner in interrupted:
            end(planner, signal.SIGINT)
            print(f"interrupted process {planner.split(' ')[1]}, which planned runs")
        deadline = time.monotonic() + PATIENCE
        while any(alive(planner) for planner in interrupted) and time.monotonic() < deadline:
            time.sleep(0.05)
    found = [one for one in run_states(store) if one.state in ("running", "queued")]
    if not options.all:
        found = chosen(run_states(store), options.ended)
    left = [one for one in found if not _cancelled(one)]
    for one in left:
        print(f"not ended: {one.key[:12]}, {one.state}{f' ({one.why})' if one.why else ''}", file=sys.stderr)
    return UsageError.exit_status if left else 0


def _cancelled(one: RunState) -> bool:
    """End a run, and leave a note of it for its planner; returns whether that was possible from this machine."""
    from experiments.execution.planner_notes import forget_failure, write_failure
    from experiments.run.progress import Finished
    from specs.registry import EXECUTORS

    if one.state not in ("running", "queued") or one.job is None or one.executor is None or one.planner is None:
        return False
    executor: Executor = EXECUTORS.build(one.executor)
    write_failure(one.planner, Finished(one.key, "cancelled by `medtransfer cancel`", RunError.exit_status, one.log))
    try:
        executor.cancel([one.job])
    except UsageError:
        forget_failure(one.planner, one.key)  # the run goes on, so the note would be wrong
        raise
    print(f"cancelled {one.key[:12]}")
    return True
