"""From a plan that was carried out to a finished table: its numbers, its statistics, and what failed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from analysis.statistics import Alternative, Test
from datamodules.dataset.counts import Counts, counted
from experiments.execution.planner import Plan
from experiments.measures.measuring.evaluations import evaluated, measured_as
from experiments.measures.measuring.measure import measure_of
from experiments.run.naming import run_title
from experiments.run.resolve import ResolvedRun
from experiments.run.store import Record
from experiments.session.context import Context
from experiments.session.results import Failure
from experiments.tables.assemble import Cells, assemble
from experiments.tables.document import NetworkCost, TableDocument
from experiments.tables.table import Table
from specs.errors import DataError
from specs.expression import Call


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How the rows of a table are compared.

    Attributes:
        marks: ``reference`` tests each row against the reference row with Holm's correction; ``paper`` against the best
            row, uncorrected, as the papers marked.
        test: ``student`` (pooled variance), ``welch``, or ``paired`` (differences over seeds).
        alternative: what a row's mean is held to be beside the reference's.
        equivalence: margin in percentage points within which rows are tested for equivalence; None: they are not.
        bootstrap: resamples of the test patients for 95 % intervals; None: there are none.
    """

    marks: Literal["reference", "paper"] = "reference"
    test: Test = "student"
    alternative: Alternative = "two-sided"
    equivalence: float | None = None
    bootstrap: int | None = None


def finished_document(
    name: str, table: Table, cells: Cells, work: Plan, context: Context, statistics: Statistics
) -> TableDocument:
    """The table's document, with what its data hold, what is measured of its runs, and the statistics asked for.

    Args:
        name: what its files are named.
        table: what was asked for.
        cells: the resolved runs of each cell, or the reason why it has none.
        work: the plan, carried out.
        context: where the runs and their data are.
        statistics: how rows are compared.

    Raises:
        DataError: if the data have changed since the runs were planned.
    """
    records = {record.data["key"]: record for record in context.records_of(work)}
    measuring: dict[str, list[str]] = {}  # labels of columns
    scoring: dict[str | None, list[str]] = {}
    for column in table.columns:
        if column.measure:
            measuring.setdefault(measure_of(column.measure)[0], []).append(column.label)
        else:
            scoring.setdefault(column.score, []).append(column.label)

    def of_columns(labels: list[str]) -> list[Record]:
        return [
            records[run.key]
            for (_, label), runs in cells.items()
            if label in labels and not isinstance(runs, str)
            for run in runs
            if run.key in records
        ]

    measured = {measure: _measured(measure, of_columns(labels), context) for measure, labels in measuring.items()}
    count, intervals = statistics.bootstrap, {}
    if count:
        intervals = {score: drawn_anew(of_columns(labels), count, context, score) for score, labels in scoring.items()}
    costs: tuple[NetworkCost, ...] = ()
    if table.costs:
        from experiments.tables.network_costs import network_costs  # torch, which a plan does without

        columns = {column for (_, column), runs in cells.items() if not isinstance(runs, str)}
        costs = network_costs(table, columns, context.paths, context.told("timed networks"))
    return dataclasses.replace(
        assemble(name, table, cells, work, context.store, statistics.marks, measured, intervals),
        test=statistics.test,
        alternative=statistics.alternative,
        margin=statistics.equivalence,
        costs=costs,
        counts=_counts(table, cells, context),
    )


def drawn_anew(
    records: Iterable[Record], count: int, context: Context, score: str | None = None
) -> dict[str, list[float | None]]:
    """Each run's score on resamples of its test patients, by key.

    Args:
        records: of fine-tunings.
        count: how many resamples.
        context: where their data are.
        score: name of one of the task's scores; None: its own.
    """
    from experiments.measures.measuring.resampling import VERSION, resampled  # pyarrow, which a plan does without

    def scores(record: Record) -> list[float | None]:
        return resampled(record, context.paths, count, score)

    name = f"bootstrap-{count}" + (f"-{quote(score, safe='')}" if score else "")  # a class may have any name
    return evaluated(name, VERSION, records, context.store, scores)


def failures_of(work: Plan) -> tuple[Failure, ...]:
    """What failed in a plan, runs with the same error together."""
    alike: dict[tuple[str, int, Path | None], list[str]] = {}
    for key, failed in work.failed.items():
        what = run_title(work.runs[key].spec)
        alike.setdefault((failed.error or "", failed.exit_status, failed.log), []).append(what)
    return tuple(
        Failure(runs=tuple(runs), error=error, log=log, exit_status=status)
        for (error, status, log), runs in alike.items()
    )


def _counts(table: Table, cells: Cells, context: Context) -> dict[str, Counts]:
    """What the dataset of each column that has runs holds, by the column's label; no image is opened.

    Raises:
        DataError: if it is not what the runs were planned with.
    """
    first: dict[str, ResolvedRun] = {}
    for (_, label), runs in cells.items():
        if not isinstance(runs, str) and runs:
            first.setdefault(label, runs[0])
    resolver, known, found = context.resolver(), dict[Call, Counts](), dict[str, Counts]()
    for column in table.columns:
        if (run := first.get(column.label)) is None:
            continue
        if (dataset := run.spec.dataset) not in known:
            index = resolver.index(run.spec)
            if not index.identity().items() <= run.identity["dataset"].items():
                raise DataError(
                    f"{column.label}: its data have changed since its runs were planned, so that nobody can say how "
                    "many images these were trained and tested on. Make the table again."
                )
            known[dataset] = counted(index, resolver.opened(dataset, run.spec.edition).dataset.task)
        _, _, name = (column.score or "").partition(":")
        found[column.label] = known[dataset].of_class(name) if name else known[dataset]
    return found


def _measured(name: str, records: list[Record], context: Context) -> dict[str, Any]:
    """The numbers of a measure of each run, by key."""
    from experiments.run.machine.threads import threads  # torch, which a plan does without

    _, measure, _ = measure_of(name)
    told = context.told(f"{measure.progress}, runs")

    def numbers(record: Record) -> Any:
        with threads(record.data["spec"]["recipe"]["threads"]):  # the same numbers on any number of cores
            return measure.compute(record, context.paths)

    return evaluated(measured_as(name), measure.version, records, context.store, numbers, told)
