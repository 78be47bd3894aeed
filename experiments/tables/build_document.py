"""Assembles the document of a finished table from the records of its runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal

from analysis.bootstrap import interval_of_mean
from datamodules.dataset.contract import Dataset
from experiments.execution.planner import Plan
from experiments.measures.measuring.measure import Found, measure_of
from experiments.run.public_names import draw_title, passed_on, public_labels, public_spec, public_title
from experiments.run.record_views import public_load_report, validated_steps, validation_scores
from experiments.run.resolve import ResolvedRun
from experiments.run.store import Record, RunStore
from experiments.tables.document import Cell, CellKey, RunLine, TableDocument
from experiments.tables.overlap import Overlap, overlap
from experiments.tables.reasons import reason
from experiments.tables.table import Column, Table
from initializers.loading.contract import build
from specs.card import NORMALIZATIONS
from specs.expression import parse
from specs.registry import ADAPTATIONS, DATASETS, INITIALIZERS, METHODS
from specs.task import METRICS
from specs.titles import title_of_text

Runs = tuple[ResolvedRun, ...] | str
"""The resolved runs of a cell, one per seed, or the reason why it has none."""

Cells = Mapping[CellKey, Runs]


def build_document(
    name: str,
    table: Table,
    cells: Cells,
    plan: Plan,
    store: RunStore,
    marks: Literal["reference", "paper"],
    measured: Mapping[str, Mapping[str, Found]] | None = None,
    resampled: Mapping[str | None, Mapping[str, list[float | None]]] | None = None,
) -> TableDocument:
    """The scores of a table, from the records in the store.

    Args:
        name: the name of the table's files, without their endings.
        table: the table that was asked for.
        cells: the resolved runs of each cell, or the reason why it has none.
        plan: the runs of the table and what they need, with what failed of them.
        store: the run store, which holds the records.
        marks: how cells are marked: by tests against the reference row, or as the papers did, against the best row.
        measured: the numbers that were measured on finished runs, by the measure's name and the run's key; None: none
            were.
        resampled: scores in [0, 1] on bootstrap resamples of the test patients, by the score that a column shows and by
            the run's key; None: the table gives no intervals.
    """
    records = {key: record for key in plan.runs if (record := store.record(key)) is not None}
    columns = {column.label: column for column in table.columns}
    measures = {label: column.measure for label, column in columns.items()}
    value = partial(_value, measured=measured or {})
    scores = {
        cell_key: _cell(runs, records, plan, partial(value, column=columns[cell_key[1]]))
        for cell_key, runs in cells.items()
    }
    for cell_key, runs in cells.items() if resampled else ():
        if measures[cell_key[1]] is None:
            drawn = (resampled or {})[columns[cell_key[1]].score]
            interval = interval_of_mean(drawn[run.key] for run in _runs(runs) if run.key in records)
            scores[cell_key] = dataclasses.replace(scores[cell_key], interval=interval)
    return TableDocument(
        name=name,
        title=table.title,
        question=table.question,
        rows=tuple((row.label, passed_on(row.initializer)) for row in table.rows),
        columns=tuple((column.label, _unit(column)) for column in table.columns),
        cells=scores,
        reference=table.reference,
        seeds=table.seeds,
        figure=table.figure,
        directions=table.directions,
        transposed=table.transposed,
        measured={label: measure_of(measure)[0] for label, measure in measures.items() if measure},
        edition=table.edition,
        weights=table.weights,
        protocol=table.protocol,
        level=table.level,
        column_seeds={column.label: column.seeds for column in table.columns if column.seeds},
        runs=tuple(_lines(cells, plan, records, columns)),
        overlaps={
            cell_key: seen.titles
            for cell_key, runs in cells.items()
            if not isinstance(runs, str) and (seen := _overlap(runs[0]))
        },
        remarks=_all_remarks(cells, records, measured or {}),
        controls={row.label: row.control_of for row in table.rows if row.control_of is not None},
        marks=marks,
    )


def _value(record: Record, column: Column, measured: Mapping[str, Mapping[str, Found]]) -> float | None:
    """The number of a run that a column shows, a test score or a measure; None where it is undefined."""
    if column.measure is None:
        return _score(record, column)
    name, _, number = measure_of(column.measure)
    value: float | None = measured[name][record.data["key"]].get(number)
    return value


def _score(record: Record, column: Column) -> float | None:
    """The test score of a run that a column shows, None where it is undefined."""
    if column.score is None:
        return record.score
    score: float | None = record.data["outcome"]["scores"][column.score]
    return score


def _unit(column: Column) -> str:
    """The name of what a column's numbers are: its task's metric, the score that it shows, or the measure's unit."""
    if column.measure:
        return measure_of(column.measure)[1].unit
    if column.score:
        return column.score.partition(":")[0]  # ``auroc:Edema`` is an ``auroc`` as well
    dataset: Dataset = DATASETS.build(column.dataset)
    return METRICS[dataset.kind]


def _all_remarks(
    cells: Cells, records: dict[str, Record], measured: Mapping[str, Mapping[str, Found]]
) -> tuple[tuple[str, str], ...]:
    """The remarks on rows and on measures, each once, as pairs of what they are about and a sentence."""
    of_rows = dict.fromkeys(
        remark
        for cell_key, runs in cells.items()
        for remark in (*remarks(cell_key[0], runs), *collapses(cell_key[0], runs, records))
    )
    of_measures = [
        remark for name, numbers in measured.items() for remark in measure_of(name)[1].remarks(list(numbers.values()))
    ]
    return (*of_rows, *of_measures)


def _cell(runs: Runs, records: dict[str, Record], plan: Plan, value_of: Callable[[Record], float | None]) -> Cell:
    if isinstance(runs, str):
        return Cell((), runs)
    values, reasons = [], []
    for run in runs:
        if run.key in plan.failed:
            reasons.append(f"{draw_title(run.spec)} failed: {reason(plan.failed[run.key])}")
        elif run.key not in records:
            reasons.append(f"{draw_title(run.spec)} has not run")
        elif (value := value_of(records[run.key])) is not None:
            values.append(value)
        else:
            reasons.append(f"{draw_title(run.spec)}: the score is undefined")
    return Cell(tuple(values), "; ".join(reasons) or None)


def _overlap(run: ResolvedRun) -> Overlap | None:
    return overlap(run.spec.initializer, run.spec.dataset, run.spec.edition)


def remarks(row: str, runs: tuple[ResolvedRun, ...] | str) -> list[tuple[str, str]]:
    """Remarks on how a row's network or input differs from that of its weights, and on what of it is not trained.

    Args:
        row: the row's label, which each remark comes with.
        runs: the runs of one of the row's cells, or the reason why there are none.

    Returns:
        Pairs of the row's label and a remark.
    """
    if isinstance(runs, str):
        return []
    spec = runs[0].spec
    card = build(spec.initializer).card()
    remarks = [(row, warning) for warning in card.warnings]
    if spec.recipe.adaptation == "head":
        remarks.append((row, "the head alone is trained, on the fixed features of these weights"))
    elif spec.recipe.adaptation != "full":
        what = ADAPTATIONS.entries[parse(spec.recipe.adaptation).name].description
        remarks.append((row, f"adapted by {spec.recipe.adaptation}. {what.removesuffix('.')}"))
    used = spec.recipe.normalization
    if card.normalization is not None and used != "card" and NORMALIZATIONS[used] != card.normalization:
        remarks.append((row, f'the weights expect another input normalization than the recipe\'s "{used}"'))
    return remarks


def collapses(row: str, runs: tuple[ResolvedRun, ...] | str, records: dict[str, Record]) -> Iterator[tuple[str, str]]:
    """Remarks on the pretrainings of a row that collapsed: their networks give every image the same embedding.

    Args:
        row: the row's label, which each remark comes with.
        runs: the runs of one of the row's cells, or the reason why there are none.
        records: the records of all finished runs, by key.
    """
    for run in () if isinstance(runs, str) else runs[:1]:
        for key, needed in run.closure().items():
            if key in records and records[key].data.get("collapsed"):
                rank = records[key].data["outcome"]["scores"]["embedding_rank"]
                method = title_of_text(METHODS, str(needed.spec.recipe.method))
                what = f"{method} on {public_title(DATASETS, needed.spec.dataset)}"
                yield row, f"its pretraining, {what}, collapsed: the effective rank of the embeddings is {rank:.2f}"


def _runs(runs: Runs) -> tuple[ResolvedRun, ...]:
    return () if isinstance(runs, str) else runs


def _lines(cells: Cells, plan: Plan, records: dict[str, Record], columns: Mapping[str, Column]) -> list[RunLine]:
    """The details of each finished run, once.

    A run that several columns show, or a column that shows no test score, is listed under the name of its dataset.
    """
    datasets = public_labels(DATASETS, (run.spec.dataset for run in plan.runs.values()), columns)
    sources = public_labels(INITIALIZERS, (run.spec.initializer for run in plan.runs.values()))
    scored: dict[str, set[str]] = {}
    for (_, label), runs in cells.items():
        for run in _runs(runs) if columns[label].measure is None else ():
            scored.setdefault(run.key, set()).add(label)
    lines, placed = [], set()
    for (row, label), runs in cells.items():
        for run in _runs(runs):
            first = run.key not in placed  # several columns may show the same run
            placed.add(run.key)
            if not first or (record := records.get(run.key)) is None:
                continue
            if scored.get(run.key) == {label}:
                lines.append(_line(run, record, row, label, _score(record, columns[label])))
            else:
                lines.append(_line(run, record, row, datasets[run.spec.dataset], record.score))
    for key, run in plan.runs.items():
        if key not in placed and key in records:
            row = f"pretraining from {sources[run.spec.initializer]}"
            lines.append(_line(run, records[key], row, datasets[run.spec.dataset], records[key].score))
    return lines


def _line(run: ResolvedRun, record: Record, row: str, column: str, score: float | None) -> RunLine:
    return RunLine(
        key=run.key,
        row=row,
        column=column,
        seed=run.spec.seed,
        score=score,
        seconds=record.data["seconds"],
        epochs=record.data["epochs"],
        load=public_load_report(record),
        scores=record.data["outcome"]["scores"],
        validation=validation_scores(record),
        steps=validated_steps(record),
        spec=public_spec(run.spec),
        by_lists=bool(DATASETS.bind(run.spec.dataset).arguments().get("splits")),
        environment=record.data["environment"],
    )
