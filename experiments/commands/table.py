"""Make a table: plan its runs, do those that are missing, and render it.

What is done is never done again; a killed command goes on where it stopped when it is given again.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from experiments.commands.carrying import do_runs
from experiments.commands.making import add_making, finished, records_of, say_failures, show, show_plan
from experiments.commands.options import add_execution, add_places, count_from, places
from experiments.commands.single import overridden
from specs.errors import UsageError

if TYPE_CHECKING:
    from experiments.study import Study
    from experiments.table import Table
    from experiments.task_table import TaskTable

NAME = "table"
HELP = "plan a table, do the runs that are missing, and render it"

EVERY, WHOLE = "every fine-tuning", "the table"
"""What remarks on settings of ``--set``, and on arguments of the table, are about."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", help="see `medtransfer list tables`; or 'NAME(option=1)'")
    parser.add_argument("--profile", help="phantom, smoke or paper, where the table has it")
    parser.add_argument("--seeds", type=count_from(1), metavar="N", help="runs per cell (default: the table's own)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="override a setting of the recipe of every fine-tuning; what a row says of itself stays",
    )  # fmt: skip
    add_making(parser)
    add_places(parser)
    add_execution(parser)


def execute(options: argparse.Namespace) -> int:
    """Plan, run, render."""
    from experiments.cells import resolve_cells
    from experiments.planner import plan
    from experiments.resolve import Resolver
    from experiments.store import RunStore
    from experiments.study import Study
    from experiments.table import table_named
    from experiments.task_table import TaskTable

    table, where, name = table_named(options.name, options.profile), places(options), _file_name(options)
    if isinstance(table, TaskTable):
        return _count(options, table)
    if isinstance(table, Study):
        return _look(options, table)
    table = _asked(table, options)
    store = RunStore(where.runs)
    cells = resolve_cells(table, Resolver(where, options.devices), everything_may_lack=options.dry_run)
    work = plan((run for runs in cells.runs.values() if not isinstance(runs, str) for run in runs), store)
    if options.dry_run:
        show_plan(work, cells, options.json)
        return 0
    do_runs(work, options)
    document = finished(name, table, cells.runs, work, store, options)
    document = dataclasses.replace(document, remarks=(*_changes(options), *document.remarks))
    return show(document, work, store, options)


def _asked(table: Table, options: argparse.Namespace) -> Table:
    """The table with as many seeds and such recipes as the options say.

    Raises:
        UsageError: if a setting does not exist or does not fit.
    """
    if options.seeds:
        table = dataclasses.replace(table, seeds=options.seeds)
    return table.changed(lambda recipe: overridden(recipe, options.set)) if options.set else table


def _refuse_settings(options: argparse.Namespace) -> None:
    """For what trains no network.

    Raises:
        UsageError: if a setting is given.
    """
    if options.set:
        raise UsageError(
            f"medtransfer table {options.name}: nothing is trained for it, so there is no recipe to set "
            f"{', '.join(options.set)} in. Leave --set out."
        )


def _changes(options: argparse.Namespace) -> list[tuple[str, str]]:
    """What was asked for beside the table as it is, as remarks, since files are named without it."""
    arguments = options.name.partition("(")[2].strip().removesuffix(")")
    found = ((WHOLE, arguments), (EVERY, ", ".join(options.set)))
    return [(about, asked) for about, asked in found if asked]


def _file_name(options: argparse.Namespace) -> str:
    """The table's name without its arguments."""
    name: str = options.name
    return name.partition("(")[0].strip()


def _look(options: argparse.Namespace, study: Study) -> int:
    """Do the runs that a study looks at, look, and write what was found and its picture."""
    from rich.console import Console

    from experiments.cells import ResolvedCells, resolve_cells
    from experiments.dashboard import mirror_runs
    from experiments.planner import Plan, plan
    from experiments.rendering.grid import Grid, print_grid, write_grid
    from experiments.rendering.pictures import OF_PATIENTS, caption, remove_drawing, write_drawing
    from experiments.rendering.words import PHANTOM_WARNING
    from experiments.resolve import Resolver
    from experiments.store import RunStore

    where = places(options)
    store, runs, status = RunStore(where.runs), {}, 0
    if study.networks is None:
        _refuse_settings(options)
        if options.dry_run:
            show_plan(Plan({}, RunStore(places(options).runs)), ResolvedCells(), options.json)
            return 0
    else:
        table = _asked(study.networks, options)
        cells = resolve_cells(table, Resolver(where, options.devices), everything_may_lack=options.dry_run)
        work = plan((run for of in cells.runs.values() if not isinstance(of, str) for run in of), store)
        if options.dry_run:
            show_plan(work, cells, options.json)
            return 0
        do_runs(work, options)
        status = say_failures(work)
        mirror_runs(records_of(work, store), _file_name(options), store.root / "wandb", options.wandb)
        runs = {
            place: tuple(record for run in of if (record := store.record(run.key)) is not None)
            for place, of in cells.runs.items()
            if not isinstance(of, str)
        }
    found = study.find(runs, where)
    warning = [PHANTOM_WARNING] if study.edition == "phantom" else []
    warning += [f"{about}: {asked}." for about, asked in _changes(options)]
    grid = Grid(study.title, found.header, found.rows, (study.question, *warning, *found.notes))
    name = _file_name(options)
    paths = write_grid(grid, name, options.output)
    picture, other = (name, f"{name}{OF_PATIENTS}")[:: -1 if study.of_patients else 1]
    remove_drawing(other, options.output)  # of another profile: a report would show it beside these numbers
    paths += write_drawing(caption(found.draw(), study.title, *warning), picture, options.output)
    if options.json:
        print(next(path for path in paths if path.suffix == ".json").read_text(encoding="utf-8"), end="")
    else:
        print_grid(grid, Console())
        print("files: " + ", ".join(str(path) for path in paths))
    return status


def _count(options: argparse.Namespace, table: TaskTable) -> int:
    """Render a table of tasks, which needs no runs."""
    from rich.console import Console

    from experiments.cells import ResolvedCells
    from experiments.planner import Plan
    from experiments.rendering.grid import Grid, print_grid, write_grid
    from experiments.rendering.words import PHANTOM_WARNING
    from experiments.store import RunStore
    from experiments.task_table import HEADER, task_rows

    _refuse_settings(options)
    warning = [PHANTOM_WARNING] if table.edition == "phantom" else []
    warning += [f"{about}: {asked}." for about, asked in _changes(options)]
    if options.dry_run:
        show_plan(Plan({}, RunStore(places(options).runs)), ResolvedCells(), options.json)
        return 0
    rows, remarks = task_rows(table, places(options))
    grid = Grid(table.title, HEADER, rows, (*warning, *remarks, *table.notes))
    paths = write_grid(grid, _file_name(options), options.output)
    if options.json:
        print(paths[-1].read_text(encoding="utf-8"), end="")
    else:
        print_grid(grid, Console())
        print("files: " + ", ".join(str(path) for path in paths))
    return 0
