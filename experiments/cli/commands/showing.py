"""Printing the plans and results of a session."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from specs.errors import RunError
from specs.quoting import several_lines

if TYPE_CHECKING:
    from experiments.session.results import Made, Planned, RunResult
    from specs.run import RunSpec


def show_plan(planned: Planned, options: argparse.Namespace) -> None:
    """Print the cells or the runs of a plan, what is missing for runs that cannot be planned yet, and about how long.

    Args:
        planned: the plan that is shown.
        options: the options of the command: executor, jobs, speed of the device, and whether plain data is printed.
    """
    from experiments.cli.plan_grid import duration, grid, lacks, others
    from experiments.run.public_names import run_title
    from experiments.session.durations import durations
    from experiments.session.results import plain_plan

    # Several columns may need the same runs, which are counted once.
    lacking = list(dict.fromkeys(spec for specs, _ in planned.cells.lacking.values() for spec in specs))
    slots = slots_of(options)
    found = durations(planned.plan, lacking, slots, speed_of(options))
    if options.json:
        print(plain_plan(planned, found))
        return
    for line in planned.first:
        print(line)
    work, cells = planned.plan, planned.cells
    if len(cells.runs) > 1:
        print("\n".join([*grid(planned), *others(planned)]))
    else:
        for key, run in work.runs.items():
            print(f"{key[:12]}  {'done' if key in work.done else 'to do':5}  {run_title(run.spec)}")
    if cells.lacking:
        print("\n".join(["", *lacks(planned, len(lacking)), ""]))
    if work.runs or cells.runs or not planned.first:
        print("\n".join([to_do(planned), *duration(found, slots)]))
    if planned.then:
        print(planned.then)


def slots_of(options: argparse.Namespace) -> int | None:
    """The most runs at the same time, by the options; None: there is no limit."""
    from experiments.run.machine.cores import cores
    from specs.registry import EXECUTORS

    limit: int | None = options.jobs
    return limit or (cores() if EXECUTORS.bind(options.executor).name == "local" else None)


def speed_of(options: argparse.Namespace) -> float | None:
    """The images a second at which the device trains ResNet-50, as stated or as measured now; None: neither."""
    if options.device_speed != "measured":
        return options.device_speed  # type: ignore[no-any-return]
    from experiments.measures.measuring.device_speed import images_a_second

    found = images_a_second()
    note(f"measured: {found:.3g} images a second of ResNet-50 at 224 pixels")
    return found


def to_do(planned: Planned) -> str:
    """The number of runs of a plan that are not done, in words."""
    return f"{len(planned.plan.waiting)} of {len(planned.plan.runs)} runs to do (a dry run does none)"


def show_all_made(tables: Sequence[Made], as_json: bool) -> int:
    """Print finished tables, failed runs, and last the verdicts on planted worlds; returns the exit status."""
    statuses = {show_made(made, as_json) for made in tables}
    found = [made.planted for made in tables if made.planted is not None]
    if len(found) > 1 and not as_json:
        print("\nplanted worlds")
        width = max(len(title) for title, _ in found)
        for title, verdict in found:
            print(f"  {title:{width}}  {verdict}")
    failed = statuses - {0}
    return 0 if not failed else failed.pop() if len(failed) == 1 else RunError.exit_status


def show_made(made: Made, as_json: bool) -> int:
    """Print a finished table and its failed runs; returns the exit status of the failures, or 0."""
    from rich.console import Console

    if as_json:
        print(made.to_json(), end="")
    else:
        made.show(Console())
        if made.files:
            print("files: " + ", ".join(str(path) for path in made.files))
    errors = Console(stderr=True)
    for failure in made.failures:
        errors.print(str(failure), markup=False)
    statuses = {failure.exit_status for failure in made.failures}
    return 0 if not statuses else statuses.pop() if len(statuses) == 1 else RunError.exit_status


def show_run(spec: RunSpec, key: str, row: str | None) -> None:
    """Print which run is meant, before it is done.

    Args:
        spec: the spec of the run.
        key: the key of the run; empty if it is not known yet.
        row: the row that the user wrote, ``NAME = WEIGHTS on BACKBONE``, which may give the run a name; None if the run
            comes from a spec.
    """
    from experiments.run.public_names import run_title
    from specs.row import parse_row

    name = parse_row(row).name if row else None
    print(f"run {key}".rstrip() + f"\n{f'{name}: ' if name else ''}{run_title(spec)}")
    print(json.dumps(spec.to_json(), indent=1))


def show_dry_run(planned: Planned, spec: RunSpec, as_json: bool, row: str | None) -> None:
    """Print which run is meant and how many runs are to do, or only the spec, in the form that ``--spec`` takes.

    Args:
        planned: the plan of the run and of the runs that it needs.
        spec: the spec of the run.
        as_json: whether only the spec is printed, as JSON.
        row: the row that the user wrote, ``NAME = WEIGHTS on BACKBONE``, which may give the run a name; None if the run
            comes from a spec.
    """
    if as_json:
        print(json.dumps(spec.to_json(), indent=1))
        return
    show_run(spec, next(reversed(planned.plan.runs), ""), row)
    print("\n".join([*planned.first, planned.then if planned.first else to_do(planned)]))


def score_lines(result: RunResult) -> list[str]:
    """A line for each score; for an undefined score, the line gives the reason."""
    lines = []
    for name, value in result.scores.items():
        why = result.why_undefined(name) if value is None else ""
        lines.append(f"{name}: " + (f"{value:.4f}" if value is not None else f"undefined{f' ({why})' if why else ''}"))
    return lines


def note(text: str) -> None:
    """Print a sentence on standard error."""
    print(several_lines(text), file=sys.stderr)
