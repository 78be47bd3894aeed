"""Making a registered table of any kind: scores of runs, an analysis of finished runs, or a list of tasks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.execution.planner import Plan, plan
from experiments.reporting.drawings.pictures import OF_PATIENTS, caption
from experiments.reporting.formats.files import write_all
from experiments.reporting.text.phrases import PHANTOM_WARNING
from experiments.session.context import Context
from experiments.session.documents import Statistics, failures_of, finished_document
from experiments.session.own_splits import divided
from experiments.session.picking import before_rates, with_rates
from experiments.session.providing import provide, to_provide
from experiments.session.results import Made, Planned
from experiments.session.selecting import EVERYTHING, Selection
from experiments.session.single_run import changed
from experiments.tables.dataset_table import HEADER, DatasetTable, dataset_rows
from experiments.tables.document import TableDocument, TextDocument
from experiments.tables.named import table_named
from experiments.tables.resolve_table import ResolvedCells, resolve_cells
from experiments.tables.run_analysis import RunAnalysis
from experiments.tables.table import Table
from experiments.tables.tuning import tuning_remarks
from specs.errors import MedtransferError, UsageError
from specs.short_names import file_stem

EVERY, WHOLE = "every fine-tuning", "the table"
"""The subjects of remarks on changed settings, and on arguments of the table."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a table, with changes to its seeds and settings.

    Attributes:
        name: the name under which the table is registered, with arguments that differ from its defaults.
        profile: the profile of the table, such as ``smoke``; None takes its default profile.
        seeds: the number of runs in each cell, which differ in their seeds; None takes the table's own numbers.
        settings: new values for settings of the recipe of every fine-tuning, by name.
        selection: the rows that are added, and the rows and columns that are made.
        splits: the folder of lists that divide the datasets (``experiments.session.own_splits``); None: each dataset's
            own splits.
    """

    name: str
    profile: str | None = None
    seeds: int | None = None
    settings: Mapping[str, object] = dataclasses.field(default_factory=dict)
    selection: Selection = EVERYTHING
    splits: Path | None = None

    @property
    def file_name(self) -> str:
        """The name of the table's files without their endings: the table's name without its arguments."""
        return file_stem(self.name.partition("(")[0].strip())

    @property
    def remarks(self) -> list[tuple[str, str]]:
        """Remarks on arguments and changed settings, which the names of the files do not show."""
        arguments = self.name.partition("(")[2].strip().removesuffix(")")
        changes = ((WHOLE, arguments), (EVERY, ", ".join(f"{name}={value}" for name, value in self.settings.items())))
        return [*[(about, asked) for about, asked in changes if asked], *self.selection.remarks]

    def applied(self, table: Table) -> Table:
        """The table with the requested rows, columns, seeds and settings.

        Raises:
            UsageError: if a row, a column or a setting does not exist or does not fit.
        """
        table = self.selection.of(table)
        if self.splits is not None:
            table, _ = divided(table, self.splits)
        if self.seeds:
            columns = tuple(dataclasses.replace(column, seeds=None) for column in table.columns)
            table = dataclasses.replace(table, seeds=self.seeds, columns=columns)
        return table.changed(lambda recipe: changed(recipe, self.settings)) if self.settings else table

    def trained(self, table: DatasetTable | RunAnalysis | Table) -> Table | None:
        """The table of runs that a table of any kind needs, with the requested changes; None if it trains no network.

        Raises:
            UsageError: if a setting does not exist or does not fit.
        """
        of_runs = table.networks if isinstance(table, RunAnalysis) else table if isinstance(table, Table) else None
        if not isinstance(table, Table):
            self.selection.refused(self.name, "it is no grid of scores")
            self.refuse_splits()
        if of_runs is None:
            self.refuse_settings()
            return None
        return self.applied(of_runs)

    def refuse_splits(self) -> None:
        """Refuse lists of splits for a table that is no grid of rows and columns.

        Raises:
            UsageError: if a folder of lists is given.
        """
        if self.splits is not None:
            raise UsageError(f"{self.name}: it is no grid of scores, so --splits is not for it. Leave it out.")

    def refuse_settings(self) -> None:
        """Refuse settings for a table that trains no network.

        Raises:
            UsageError: if a setting is given.
        """
        if self.settings:
            raise UsageError(
                f"{self.name}: nothing is trained for it, so there is no recipe to set "
                f"{', '.join(f'{name}={value}' for name, value in self.settings.items())} in. Leave the settings out."
            )


def plan_table(asked: Asked, context: Context) -> Planned:
    """The plan of a table's runs; if data or weights are missing, the plan says which.

    Raises:
        UsageError: if there is no such table, or a setting does not fit.
    """
    trained = asked.trained(table_named(asked.name, asked.profile))
    if trained is None:
        return Planned(plan=Plan({}, context.store), cells=ResolvedCells())
    before = to_provide(trained.first_runs(), context, may_lack=True)
    first = before_rates(trained, context, may_lack=True)
    if isinstance(first, Planned):
        return dataclasses.replace(first, first=before.lines, provided=before.missing)
    cells, run_plan = _planned(first, context, everything_may_lack=True)
    return Planned(plan=run_plan, cells=cells, first=before.lines, provided=before.missing)


def make_table(asked: Asked, context: Context, statistics: Statistics, output: Path | None) -> Made:
    """Do a table's missing runs, and render it.

    Args:
        asked: the request for the table.
        context: the session's settings: where and how runs are done.
        statistics: how the rows of a table of scores are compared.
        output: the folder that the table's files are written to; None writes none.

    Raises:
        MedtransferError: if the table cannot be made at all; single runs that fail are in the result.
    """
    _provided([asked], context)
    return _made(asked, context, statistics, output)


def _provided(asked: Sequence[Asked], context: Context) -> None:
    """Fetch and prepare what the runs of tables need; cells for which that is impossible stay without runs."""
    tables = [request.trained(table_named(request.name, request.profile)) for request in asked]
    provide([spec for table in tables if table for spec in table.first_runs()], context, may_lack=True)


def _made(asked: Asked, context: Context, statistics: Statistics, output: Path | None) -> Made:
    """Make one table, whose data and weights were fetched and prepared before."""
    table = table_named(asked.name, asked.profile)
    if isinstance(table, DatasetTable):
        return _datasets(asked, table, context, output)
    if isinstance(table, RunAnalysis):
        return _analyzed(asked, table, context, output)
    registered = table
    table, rates = with_rates(asked.applied(table), context, may_lack=True)
    cells, run_plan = _planned(table, context)
    context.carry_out(run_plan, asked.file_name)
    document = finished_document(asked.file_name, table, cells.runs, run_plan, context, statistics)
    told = divided(asked.selection.of(registered), asked.splits)[1] if asked.splits is not None else ()
    remarks = (*asked.remarks, *told, *document.remarks, *tuning_remarks(table, rates))
    return published(dataclasses.replace(document, remarks=remarks), run_plan, context, output)


def make_tables(asked: Sequence[Asked], context: Context, statistics: Statistics, output: Path | None) -> list[Made]:
    """Do the missing runs of several tables together, and render each.

    Args:
        asked: the requests for the tables.
        context: the session's settings: where and how runs are done.
        statistics: how the rows of tables of scores are compared.
        output: the folder that the tables' files are written to; None writes none.

    Raises:
        MedtransferError: if a table cannot be made at all; single runs that fail are in the results.
    """
    _provided(asked, context)
    while len(asked) > 1 and _done_together(asked, context):
        continue
    return [_made(request, context, statistics, output) for request in asked]


def _done_together(asked: Sequence[Asked], context: Context) -> bool:
    """Do the runs of several tables that can be planned now, each once.

    Returns:
        Whether further runs can be planned now, such as runs with the learning rates that were picked. False if a run
        failed: then each table is made by itself.
    """
    planned = [plan_table(request, context) for request in asked]
    together = plan((run for table_plan in planned for run in table_plan.plan.runs.values()), context.store)
    context.carry_out(together)
    return any(table_plan.then for table_plan in planned) and not together.failed


def published(document: TableDocument, run_plan: Plan, context: Context, output: Path | None) -> Made:
    """Write the files of a finished table of scores, and note the table and its runs for wandb.

    Args:
        document: the document of the table.
        run_plan: the plan of the table's runs, after it was carried out.
        context: the session's settings, which state the run store.
        output: the folder that the table's files are written to; None writes none.
    """
    records = context.records_of(run_plan)
    files = write_all(document, output) if output else []
    context.mirroring.note(records, document.name, document)
    return Made(document=document, runs=tuple(records), failures=failures_of(run_plan), files=tuple(files))


def _planned(table: Table, context: Context, everything_may_lack: bool = False) -> tuple[ResolvedCells, Plan]:
    """The runs of a table's cells, and their plan, which knows which of them are done."""
    cells = resolve_cells(table, context.resolver(), everything_may_lack)
    runs = (run for of_cell in cells.runs.values() if not isinstance(of_cell, str) for run in of_cell)
    return cells, plan(runs, context.store)


def _analyzed(asked: Asked, analysis: RunAnalysis, context: Context, output: Path | None) -> Made:
    """Do the runs that an analysis needs, do the analysis, and write its table and its figure."""
    run_plan, runs = Plan({}, context.store), {}
    trained = asked.trained(analysis)
    if trained is not None:
        cells, run_plan = _planned(with_rates(trained, context, may_lack=False)[0], context)
        context.carry_out(run_plan, asked.file_name)
        context.mirroring.note(context.records_of(run_plan), asked.file_name)
        runs = {
            cell_key: tuple(record for run in of_cell if (record := context.store.record(run.key)) is not None)
            for cell_key, of_cell in cells.runs.items()
            if not isinstance(of_cell, str)
        }
    failures = failures_of(run_plan)
    try:
        result = analysis.analyze(runs, context.paths)
    except MedtransferError:
        for failure in failures:  # failed runs may be the reason why there is nothing to analyse
            context.say(str(failure))
        raise
    warnings = _warnings(asked, analysis.edition)
    document = TextDocument(
        name=asked.file_name,
        title=analysis.title,
        question=analysis.question,
        edition=analysis.edition,
        header=tuple(result.header),
        texts=tuple(map(tuple, result.rows)),
        notes=(analysis.question, *warnings, *result.notes),
        draw=lambda: caption(result.draw(), analysis.title, *warnings),
        ending=OF_PATIENTS if analysis.of_patients else "",
    )
    files = write_all(document, output) if output else []
    records = tuple(context.records_of(run_plan))
    return Made(document=document, runs=records, failures=failures, files=tuple(files))


def _datasets(asked: Asked, table: DatasetTable, context: Context, output: Path | None) -> Made:
    """Render a table of datasets, which needs no runs."""
    rows, remarks = dataset_rows(table, context.paths)
    document = TextDocument(
        name=asked.file_name,
        title=table.title,
        question="",
        edition=table.edition,
        header=HEADER,
        texts=tuple(rows),
        notes=(*_warnings(asked, table.edition), *remarks, *table.notes),
    )
    files = write_all(document, output) if output else []
    return Made(document=document, runs=(), files=tuple(files))


def _warnings(asked: Asked, edition: str) -> list[str]:
    warnings = [PHANTOM_WARNING] if edition == "phantom" else []
    return warnings + [f"{about}: {what}." for about, what in asked.remarks]
