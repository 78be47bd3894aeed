"""The document of a finished table, from a plan that was carried out: its numbers, statistics and failures."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from analysis.statistics import Alternative, Test
from experiments.execution.planner import Plan
from experiments.measures.measuring.measure import measure_of
from experiments.measures.measuring.measured import measured
from experiments.measures.measuring.measurement_cache import evaluated
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import gathered
from experiments.run.progress import Report
from experiments.run.public_names import run_title
from experiments.run.store import Record
from experiments.session.context import Context
from experiments.session.results import Failure
from experiments.tables.build_document import Cells, build_document
from experiments.tables.document import TableDocument
from experiments.tables.table import Table


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How the rows of a table are compared.

    Attributes:
        marks: the row that others are tested against. ``reference`` tests each row against the reference row with
            Holm's correction; ``paper`` tests against the best row without correction, as the papers do.
        test: the t-test: ``student`` (pooled variance), ``welch``, or ``paired`` (differences over seeds).
        alternative: the alternative hypothesis: how a row's mean differs from the reference's.
        equivalence: the margin of a test for equivalence, in percentage points; None makes no such test.
        bootstrap: the number of resamples of the test patients for 95 % intervals; None makes no intervals.
    """

    marks: Literal["reference", "paper"] = "reference"
    test: Test = "student"
    alternative: Alternative = "two-sided"
    equivalence: float | None = None
    bootstrap: int | None = None


def finished_document(
    name: str, table: Table, cells: Cells, work: Plan, context: Context, statistics: Statistics
) -> TableDocument:
    """The document of a table: its scores, and the data that its blocks gather from the runs.

    Args:
        name: the name of the table's files, without their endings.
        table: the table that was asked for.
        cells: the resolved runs of each cell, or the reason why it has none.
        work: the plan of the runs, after it was carried out.
        context: the session's settings, which say where the runs and their data are.
        statistics: how rows are compared.

    Raises:
        DataError: if the data have changed since the runs were planned.
    """
    records = {record.data["key"]: record for record in context.records_of(work)}
    gathering = Gathering(
        table=table,
        cells={cell_key: runs for cell_key, runs in cells.items() if not isinstance(runs, str)},
        records=records,
        resolver=context.resolver(),
        paths=context.paths,
        told=context.told,
        margin=statistics.equivalence,
    )
    measuring: dict[str, list[str]] = {}  # the labels of the columns of each measure
    scoring: dict[str | None, list[str]] = {}
    for column in table.columns:
        if column.measure:
            measuring.setdefault(measure_of(column.measure)[0], []).append(column.label)
        else:
            scoring.setdefault(column.score, []).append(column.label)

    def of_columns(labels: list[str]) -> list[Record]:
        return [
            record for cell_key in gathering.cells if cell_key[1] in labels for record in gathering.records_of(cell_key)
        ]

    measures = {
        measure: measured(measure, of_columns(labels), context.paths, _told(measure, context))
        for measure, labels in measuring.items()
    }
    count, resampled = statistics.bootstrap, {}
    if count:
        resampled = {score: drawn_anew(of_columns(labels), count, context, score) for score, labels in scoring.items()}
    return dataclasses.replace(
        build_document(name, table, cells, work, context.store, statistics.marks, measures, resampled),
        test=statistics.test,
        alternative=statistics.alternative,
        parts=gathered(dataclasses.replace(gathering, resampled=resampled)),
    )


def _told(measure: str, context: Context) -> Report:
    """A function that says how many runs were measured."""
    return context.told(f"{measure_of(measure)[1].progress}, runs")


def drawn_anew(
    records: Iterable[Record], count: int, context: Context, score: str | None = None
) -> dict[str, list[float | None]]:
    """Each run's score on resamples of its test patients, by key.

    Args:
        records: the records of fine-tunings.
        count: the number of resamples.
        context: the session's settings, which say where the runs' data are.
        score: the name of one of the task's scores; None takes the score that the task is judged by.
    """
    from experiments.measures.measuring.resampling import VERSION, resampled  # imports pyarrow, unneeded by a plan

    def scores(record: Record) -> list[float | None]:
        return resampled(record, context.paths, count, score)

    name = f"bootstrap-{count}" + (f"-{quote(score, safe='')}" if score else "")  # it may name a class
    return evaluated(name, VERSION, records, context.store, scores)


def failures_of(work: Plan) -> tuple[Failure, ...]:
    """The failures in a plan; runs that failed with the same error are one failure."""
    alike: dict[tuple[str, int, Path | None], list[str]] = {}
    for key, failed in work.failed.items():
        what = run_title(work.runs[key].spec)
        alike.setdefault((failed.error or "", failed.exit_status, failed.log), []).append(what)
    return tuple(
        Failure(runs=tuple(runs), error=error, log=log, exit_status=status)
        for (error, status, log), runs in alike.items()
    )
