"""Make a table: plan its runs, do those that are missing, and render it.

What is done is never done again; a killed command goes on where it stopped when it is given again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.commands.options import add_execution, add_places, cores, count_from, places
from specs.registry import DATASETS, INITIALIZERS

if TYPE_CHECKING:
    from experiments.assemble import Cells
    from experiments.cells import ResolvedCells
    from experiments.planner import Plan
    from experiments.store import Record, RunStore
    from experiments.table import Table
    from experiments.task_table import TaskTable

NAME = "table"
HELP = "plan a table, do the runs that are missing, and render it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help="`medtransfer list tables` shows them")
    parser.add_argument("--profile", help="phantom, smoke or paper, where the table has it")
    parser.add_argument("--seeds", type=count_from(1), metavar="N", help="runs per cell (default: the table's own)")
    parser.add_argument(
        "--jobs", type=count_from(1), default=cores(), metavar="N",
        help="runs at the same time (default: the number of cores, %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--marks", choices=("reference", "paper"), default="reference",
        help="test against the reference row, or mark as the papers did (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--test", choices=("student", "welch", "paired"), default="student",
        help="t-test against the reference row: pooled variance, Welch's, or of differences over seeds "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--alternative", choices=("two-sided", "greater", "less"), default="two-sided",
        help="what a row's mean is held to be beside the reference's (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--equivalence", type=points, metavar="POINTS",
        help="also say which rows are shown to lie within this margin of the reference row",
    )  # fmt: skip
    parser.add_argument(
        "--bootstrap", type=count_from(100), metavar="RESAMPLES",
        help="also give 95 %% intervals over this many resamples of the test patients, such as 1000",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path("tables"), metavar="DIR",
        help="where the rendered files go (default: %(default)s)",
    )  # fmt: skip
    add_places(parser)
    add_execution(parser)


def points(text: str) -> float:
    """A positive number of percentage points."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100:
        raise argparse.ArgumentTypeError(f"expected a number of points between 0 and 100, found {text}")
    return value


def execute(options: argparse.Namespace) -> int:
    """Plan, run, render."""
    from experiments.cells import resolve_cells
    from experiments.planner import plan
    from experiments.resolve import Resolver
    from experiments.store import RunStore
    from experiments.table import table_named
    from experiments.task_table import TaskTable

    table, where = table_named(options.name, options.profile), places(options)
    if isinstance(table, TaskTable):
        return _count(options, table)
    if options.seeds:
        table = dataclasses.replace(table, seeds=options.seeds)
    store = RunStore(where.runs)
    cells = resolve_cells(table, Resolver(where), everything_may_lack=options.dry_run)
    work = plan((run for runs in cells.runs.values() if not isinstance(runs, str) for run in runs), store)
    if options.dry_run:
        _show_plan(work, cells, options.json)
        return 0
    return _carry_out(options, table, cells.runs, work, store)


def _count(options: argparse.Namespace, table: TaskTable) -> int:
    """Render a table of tasks, which needs no runs."""
    from rich.console import Console

    from experiments.rendering.grid import Grid, print_grid, write_grid
    from experiments.rendering.words import PHANTOM_WARNING
    from experiments.task_table import HEADER, task_rows

    warning = (PHANTOM_WARNING,) if table.edition == "phantom" else ()
    if options.dry_run:
        print("0 of 0 runs to do (a dry run does none)")
        return 0
    rows, remarks = task_rows(table, places(options))
    grid = Grid(table.title, HEADER, rows, (*warning, *remarks, *table.notes))
    paths = write_grid(grid, options.name, options.output)
    if options.json:
        print(paths[-1].read_text(encoding="utf-8"), end="")
    else:
        print_grid(grid, Console())
        print("files: " + ", ".join(str(path) for path in paths))
    return 0


def _show_plan(work: Plan, cells: ResolvedCells, as_json: bool) -> None:
    runs = [
        {"key": key, "done": key in work.done, "needs": [need.key for need in run.requires], "spec": run.spec.to_json()}
        for key, run in work.runs.items()
    ]
    if as_json:
        empty = {f"{row} / {column}": why for (row, column), why in cells.runs.items() if isinstance(why, str)}
        lacking = [
            {"specs": [spec.to_json() for spec in specs], "errors": [str(error) for error in errors]}
            for specs, errors in cells.lacking.values()
        ]
        print(json.dumps({"runs": runs, "empty": empty, "lacking": lacking}, indent=1))
        return
    for key, run in work.runs.items():
        spec, state = run.spec, "done" if key in work.done else "to do"
        dataset, initializer = DATASETS.short(spec.dataset), INITIALIZERS.short(spec.initializer)
        print(f"{key[:12]}  {state:5}  {spec.stage:8}  {dataset}  from {initializer}  seed {spec.seed}")
    for specs, _ in cells.lacking.values():
        for spec in specs:
            dataset, initializer = DATASETS.short(spec.dataset), INITIALIZERS.short(spec.initializer)
            print(f"{'-':12}  {'lacks':5}  {spec.stage:8}  {dataset}  from {initializer}  seed {spec.seed}")
    for place, why in cells.runs.items():
        if isinstance(why, str) and place not in cells.lacking:
            print(f"{'-':12}  {'-':5}  {place[0]} on {place[1]}: {why}")
    if cells.lacking:
        count = sum(len(specs) for specs, _ in cells.lacking.values())
        print(f"\n{count} runs cannot be planned before this is there:")
        for message in dict.fromkeys(str(error) for _, errors in cells.lacking.values() for error in errors):
            print("- " + message.replace("\n", "\n  "))
        print()
    print(f"{len(work.waiting)} of {len(work.runs)} runs to do (a dry run does none)")


def _evaluate(
    options: argparse.Namespace, table: Table, cells: Cells, finished: list[Record], store: RunStore
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is measured of finished runs afterwards: maps for the columns that show them, resamples if asked for."""
    from experiments import attention, resampling
    from experiments.evaluations import evaluated

    where = places(options)
    records = {record.data["key"]: record for record in finished}
    shown = {column.label for column in table.columns if column.measure}

    def of_columns(measured: bool) -> list[Record]:
        return [
            records[run.key]
            for (_, column), runs in cells.items()
            if (column in shown) == measured and not isinstance(runs, str)
            for run in runs
            if run.key in records
        ]

    maps = evaluated(
        "attention", attention.VERSION, of_columns(True), store, lambda record: attention.attention(record, where)
    )
    if not options.bootstrap:
        return maps, {}
    name, version = f"bootstrap-{options.bootstrap}", resampling.VERSION
    return maps, evaluated(
        name, version, of_columns(False), store, lambda record: resampling.resampled(record, where, options.bootstrap)
    )


def _carry_out(
    options: argparse.Namespace,
    table: Table,
    cells: Cells,
    work: Plan,
    store: RunStore,
) -> int:
    from rich.console import Console

    from experiments.assemble import assemble
    from experiments.dashboard import mirror_runs, mirror_table
    from experiments.planner import carry_out
    from experiments.rendering.files import write_all
    from experiments.rendering.plain import to_json
    from experiments.rendering.terminal import print_table

    errors = Console(stderr=True)
    if work.waiting:
        from experiments.display import Display
        from experiments.local import LocalExecutor

        with Display(errors) as display:
            carry_out(work, LocalExecutor(places(options), options.jobs, options.workers), display)
    finished = [record for key in work.runs if (record := store.record(key)) is not None]
    measured, resampled = _evaluate(options, table, cells, finished, store)
    document = dataclasses.replace(
        assemble(options.name, table, cells, work, store, options.marks, measured, resampled),
        test=options.test,
        alternative=options.alternative,
        margin=options.equivalence,
    )
    paths = write_all(document, options.output)
    mirror_runs(finished, options.name, store.root / "wandb", options.wandb)
    mirror_table(document, store.root / "wandb", options.wandb)
    if options.json:
        print(to_json(document), end="")
    else:
        print_table(document, Console())
        print("files: " + ", ".join(str(path) for path in paths))
    for key, failed in work.failed.items():
        spec = work.runs[key].spec
        what = f"{INITIALIZERS.short(spec.initializer)} on {DATASETS.short(spec.dataset)}, seed {spec.seed}"
        errors.print(f"failed: {what}: {failed.error}", markup=False)
        if failed.log:
            errors.print(f"  log: {failed.log}", markup=False)
    statuses = {failed.exit_status for failed in work.failed.values()}
    return 0 if not statuses else statuses.pop() if len(statuses) == 1 else 5
