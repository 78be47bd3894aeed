"""Making a registered table of any kind: scores of runs, what is found by looking at runs, or a list of tasks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.execution.planner import Plan, plan
from experiments.reporting.drawings.pictures import OF_PATIENTS, caption, remove_drawing, write_drawing
from experiments.reporting.formats.files import write_all
from experiments.reporting.formats.grid import Grid, write_grid
from experiments.reporting.text.words import PHANTOM_WARNING
from experiments.reporting.wandb.dashboard import mirror_table
from experiments.session.context import Context
from experiments.session.documents import Statistics, failures_of, finished_document
from experiments.session.picking import before_rates, with_rates
from experiments.session.providing import provide, to_provide
from experiments.session.results import Made, Planned
from experiments.session.single import changed
from experiments.tables.cells import ResolvedCells, resolve_cells
from experiments.tables.document import TableDocument
from experiments.tables.named import table_named
from experiments.tables.study import Study
from experiments.tables.table import Table
from experiments.tables.task_table import HEADER, TaskTable, task_rows
from experiments.tables.tuning import tuning_remarks
from specs.errors import MedtransferError, UsageError

EVERY, WHOLE = "every fine-tuning", "the table"
"""What remarks on changed settings, and on arguments of the table, are about."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """Which table is wanted, and what is other than the table says.

    Attributes:
        name: registry name, with arguments if others than the default ones are meant.
        profile: one of the table's profiles; None takes its default one.
        seeds: runs per cell; None takes the table's own.
        settings: of the recipe of every fine-tuning.
    """

    name: str
    profile: str | None = None
    seeds: int | None = None
    settings: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """What its files are named: the table's name without its arguments."""
        return self.name.partition("(")[0].strip()

    @property
    def remarks(self) -> list[tuple[str, str]]:
        """What was asked for beside the table as it is, since files are named without it."""
        arguments = self.name.partition("(")[2].strip().removesuffix(")")
        found = ((WHOLE, arguments), (EVERY, ", ".join(f"{name}={value}" for name, value in self.settings.items())))
        return [(about, asked) for about, asked in found if asked]

    def applied(self, table: Table) -> Table:
        """The table with as many seeds and such recipes as were asked for.

        Raises:
            UsageError: if a setting does not exist or does not fit.
        """
        if self.seeds:
            columns = tuple(dataclasses.replace(column, seeds=None) for column in table.columns)
            table = dataclasses.replace(table, seeds=self.seeds, columns=columns)
        return table.changed(lambda recipe: changed(recipe, self.settings)) if self.settings else table

    def trained(self, table: TaskTable | Study | Table) -> Table | None:
        """The table of the runs that a table of any kind is made of, as ``applied``; None: no network is trained.

        Raises:
            UsageError: if a setting does not exist or does not fit.
        """
        of_runs = table.networks if isinstance(table, Study) else table if isinstance(table, Table) else None
        if of_runs is None:
            self.refuse_settings()
            return None
        return self.applied(of_runs)

    def refuse_settings(self) -> None:
        """For what trains no network.

        Raises:
            UsageError: if a setting is given.
        """
        if self.settings:
            raise UsageError(
                f"{self.name}: nothing is trained for it, so there is no recipe to set "
                f"{', '.join(f'{name}={value}' for name, value in self.settings.items())} in. Leave the settings out."
            )


def plan_table(asked: Asked, context: Context) -> Planned:
    """What making a table would do; where data or weights are lacking, the plan says what.

    Raises:
        UsageError: if there is no such table, or a setting does not fit.
    """
    trained = asked.trained(table_named(asked.name, asked.profile))
    if trained is None:
        return Planned(plan=Plan({}, context.store), cells=ResolvedCells())
    lines = to_provide(trained.first_runs(), context, may_lack=True)
    first = before_rates(trained, context, may_lack=True)
    if isinstance(first, Planned):
        return dataclasses.replace(first, first=lines)
    cells, work = _planned(first, context, everything_may_lack=True)
    return Planned(plan=work, cells=cells, first=lines)


def make_table(asked: Asked, context: Context, statistics: Statistics, output: Path | None) -> Made:
    """Do a table's missing runs, and render it.

    Args:
        asked: which table.
        context: where and how its runs are done.
        statistics: of a table of scores.
        output: a folder for its files; None writes none.

    Raises:
        MedtransferError: if the table cannot be made at all; single runs that fail are in the result.
    """
    _provided([asked], context)
    return _made(asked, context, statistics, output)


def _provided(asked: Sequence[Asked], context: Context) -> None:
    """Fetch and prepare what the runs of tables need; cells whose needs cannot be met are left as they are."""
    tables = [one.trained(table_named(one.name, one.profile)) for one in asked]
    provide([spec for table in tables if table for spec in table.first_runs()], context, may_lack=True)


def _made(asked: Asked, context: Context, statistics: Statistics, output: Path | None) -> Made:
    """The table, from what is there."""
    table = table_named(asked.name, asked.profile)
    if isinstance(table, TaskTable):
        return _tasks(asked, table, context, output)
    if isinstance(table, Study):
        return _looked(asked, table, context, output)
    table, rates = with_rates(asked.applied(table), context, may_lack=True)
    cells, work = _planned(table, context)
    context.carry_out(work)
    document = finished_document(asked.file_name, table, cells.runs, work, context, statistics)
    remarks = (*asked.remarks, *document.remarks, *tuning_remarks(table, rates))
    return published(dataclasses.replace(document, remarks=remarks), work, context, output)


def make_tables(asked: Sequence[Asked], context: Context, statistics: Statistics, output: Path | None) -> list[Made]:
    """Do the missing runs of several tables together, and render each.

    Args:
        asked: which tables.
        context: where and how their runs are done.
        statistics: of tables of scores.
        output: a folder for their files; None writes none.

    Raises:
        MedtransferError: if a table cannot be made at all; single runs that fail are in the results.
    """
    _provided(asked, context)
    while len(asked) > 1 and _done_together(asked, context):
        continue
    return [_made(one, context, statistics, output) for one in asked]


def _done_together(asked: Sequence[Asked], context: Context) -> bool:
    """Do the runs of several tables that can be planned now, each once.

    Returns:
        Whether others follow from them, such as those with the learning rates that are picked by them. Where one
        failed, each table goes on alone.
    """
    planned = [plan_table(one, context) for one in asked]
    together = plan((run for one in planned for run in one.plan.runs.values()), context.store)
    context.carry_out(together)
    return any(one.then for one in planned) and not together.failed


def published(document: TableDocument, work: Plan, context: Context, output: Path | None) -> Made:
    """A finished table of scores with its files, mirrored into wandb.

    Args:
        document: the table.
        work: the plan behind it.
        context: says where wandb's files go.
        output: a folder for its files; None writes none.
    """
    records = context.records_of(work)
    files = write_all(document, output) if output else []
    context.mirror(records, document.name)
    mirror_table(document, context.store.root / "wandb", context.wandb)
    return Made(document=document, runs=tuple(records), failures=failures_of(work), files=tuple(files))


def _planned(table: Table, context: Context, everything_may_lack: bool = False) -> tuple[ResolvedCells, Plan]:
    """A table's cells as runs, and what of them is done."""
    cells = resolve_cells(table, context.resolver(), everything_may_lack)
    runs = (run for of_cell in cells.runs.values() if not isinstance(of_cell, str) for run in of_cell)
    return cells, plan(runs, context.store)


def _looked(asked: Asked, study: Study, context: Context, output: Path | None) -> Made:
    """Do the runs that a study looks at, look, and write what was found and its picture."""
    work, runs = Plan({}, context.store), {}
    trained = asked.trained(study)
    if trained is not None:
        cells, work = _planned(with_rates(trained, context, may_lack=False)[0], context)
        context.carry_out(work)
        context.mirror(context.records_of(work), asked.file_name)
        runs = {
            place: tuple(record for run in of_cell if (record := context.store.record(run.key)) is not None)
            for place, of_cell in cells.runs.items()
            if not isinstance(of_cell, str)
        }
    failures = failures_of(work)
    try:
        found = study.find(runs, context.paths)
    except MedtransferError:
        for failure in failures:  # which may be why there is nothing to look at
            context.say(str(failure))
        raise
    warnings = _warnings(asked, study.edition)
    grid = Grid(study.title, found.header, found.rows, (study.question, *warnings, *found.notes))
    files: list[Path] = []
    if output:
        files = write_grid(grid, asked.file_name, output)
        names = (asked.file_name, f"{asked.file_name}{OF_PATIENTS}")
        picture, other = names[::-1] if study.of_patients else names
        remove_drawing(other, output)  # of another profile: a report would show it beside these numbers
        files += write_drawing(caption(found.draw(), study.title, *warnings), picture, output)
    records = tuple(context.records_of(work))
    return Made(document=grid, runs=records, failures=failures, files=tuple(files))


def _tasks(asked: Asked, table: TaskTable, context: Context, output: Path | None) -> Made:
    """Render a table of tasks, which needs no runs."""
    rows, remarks = task_rows(table, context.paths)
    grid = Grid(table.title, HEADER, rows, (*_warnings(asked, table.edition), *remarks, *table.notes))
    files = write_grid(grid, asked.file_name, output) if output else []
    return Made(document=grid, runs=(), files=tuple(files))


def _warnings(asked: Asked, edition: str) -> list[str]:
    warnings = [PHANTOM_WARNING] if edition == "phantom" else []
    return warnings + [f"{about}: {what}." for about, what in asked.remarks]
