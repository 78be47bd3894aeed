"""Show the state of the runs in a store: running, queued, failed, stopped or done, and why, whoever started them.

  medtransfer status                 what is not done, with the logs
  medtransfer status 1a64a694 --json one run, by the start of its key

A run is done when its record is in the store. The other states come from notes that planners and jobs left in the
store, and from what their executors say of them now.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_paths, paths_of
from specs.expression import parse

if TYPE_CHECKING:
    from experiments.execution.run_status import RunState

HELP = "show what is running, queued, failed and done in the run store, and why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer status``."""
    parser.add_argument("runs_shown", nargs="*", metavar="RUN", help="start of a run's key (default: all not done)")
    parser.add_argument("--all", action="store_true", help="list the runs that are done too")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Print the number of runs in each state, and a line for each run; returns the exit status."""
    from experiments.execution.run_status import STATES, run_states
    from experiments.run.store import RunStore

    found = run_states(RunStore(paths_of(options).runs))
    if options.runs_shown:
        found = chosen(found, options.runs_shown)
    listed = [one for one in found if one.state != "done" or options.all or options.runs_shown]
    if options.json:
        print(json.dumps([dataclasses.asdict(one) for one in listed], indent=1, default=str))
        return 0
    counts = Counter[str](one.state for one in found)
    print(", ".join(f"{counts[state]} {state}" for state in STATES if counts[state]) or "no runs in this store")
    for one in listed:
        print("\n".join(in_words(one)))
    return 0


def in_words(one: RunState) -> list[str]:
    """The lines that describe the state of a run."""
    from experiments.run.public_names import noted_title
    from experiments.run.run_log import seconds_an_epoch

    run = one.run
    what = noted_title(run) if run else "not begun"
    how = [f"epoch {one.epochs[0]} of {one.epochs[1]}"] if one.epochs and one.state == "running" else []
    if how and one.values:
        how.append(", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in one.values.items()))
    if one.epochs and one.log and one.state == "running" and (pace := seconds_an_epoch(one.log)) is not None:
        how.append(f"at most {max(1, round((one.epochs[1] - one.epochs[0]) * pace / 60))} min left")
    if one.job and one.executor and one.state in ("running", "queued"):
        how.append(f"{parse(one.executor).name} job {one.job}")
    how += [one.why] if one.why else []
    lines = [f"{one.state:8}{one.key[:12]}  {what}" + (f": {'; '.join(how)}" if how else "")]
    return lines + ([f"{'':8}log: {one.log}"] if one.log and one.log.is_file() and one.state != "done" else [])


def chosen(found: list[RunState], starts: list[str]) -> list[RunState]:
    """The runs whose keys begin with one of several texts.

    Args:
        found: the states of all runs.
        starts: the beginnings of keys.

    Raises:
        UsageError: if no key begins with one of the texts.
    """
    from specs.errors import UsageError

    lacking = [start for start in starts if not any(one.key.startswith(start) for one in found)]
    if lacking:
        raise UsageError(
            f"no run in the store has a key that starts with {', '.join(lacking)}. `medtransfer status --all` lists "
            "them; is --runs the right folder?"
        )
    return [one for one in found if one.key.startswith(tuple(starts))]
