"""From records to a finished table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal

import numpy as np

from analysis.bootstrap import interval_of_mean
from datamodules.dataset.contract import Dataset
from experiments.execution.planner import Plan
from experiments.measures.measuring.measure import Found, measure_of
from experiments.run.naming import draw_title, public_labels, public_spec, public_title
from experiments.run.resolve import ResolvedRun
from experiments.run.run_facts import (
    epochs_to_converge,
    public_load_report,
    steps_to,
    validated_steps,
    validation_scores,
)
from experiments.run.store import Record, RunStore
from experiments.tables.document import Cell, Effort, Place, RunLine, TableDocument
from experiments.tables.overlap import Overlap, overlap
from experiments.tables.table import Column, Table
from initializers.loading.contract import build
from specs.card import NORMALIZATIONS
from specs.errors import DataError
from specs.registry import DATASETS, INITIALIZERS, METHODS
from specs.task import METRICS
from specs.titles import title_of_text

SECONDARY = {
    "dice": "Dice, mean over images",
    "dice_native": "Dice at native size",
    "dice_fov": "Dice inside the field of view",
    "dice_pooled": "Dice over all pixels together",
    "dice_findings": "Dice over images with a finding",
}
"""Further scores that a table shows beside its own, by the record's name."""

Runs = tuple[ResolvedRun, ...] | str
"""Of a cell, or the reason why it has none."""

Cells = Mapping[Place, Runs]


# Long: a document has many fields.
def assemble(
    name: str,
    table: Table,
    cells: Cells,
    plan: Plan,
    store: RunStore,
    marks: Literal["reference", "paper"],
    measured: Mapping[str, Mapping[str, Found]] | None = None,
    resampled: Mapping[str | None, Mapping[str, list[float | None]]] | None = None,
) -> TableDocument:
    """The table's document from the records in the store.

    Args:
        name: of the table's files.
        table: what was asked for.
        cells: the resolved runs of each cell, or the reason why it has none.
        plan: says what failed.
        store: holds the records.
        marks: against the reference row, or the papers' own.
        measured: what was measured of runs afterwards, by measure and key, for the columns that show it.
        resampled: scores on resamples of the test patients, by the columns' score and by key, for intervals.
    """
    records = {key: record for key in plan.runs if (record := store.record(key)) is not None}
    columns = {column.label: column for column in table.columns}
    measures = {label: column.measure for label, column in columns.items()}
    value = partial(_value, measured=measured or {})
    scores = {
        place: _cell(runs, records, plan, partial(value, column=columns[place[1]])) for place, runs in cells.items()
    }
    for place, runs in cells.items() if resampled else ():
        if measures[place[1]] is None:
            drawn = (resampled or {})[columns[place[1]].score]
            interval = interval_of_mean(drawn[run.key] for run in _runs(runs) if run.key in records)
            scores[place] = dataclasses.replace(scores[place], interval=interval)
    return TableDocument(
        name=name,
        title=table.title,
        question=table.question,
        rows=tuple((row.label, row.initializer) for row in table.rows),
        columns=tuple((column.label, _unit(column)) for column in table.columns),
        cells=scores,
        secondary=_secondary(cells, records, plan, measures, scores),
        reference=table.reference,
        seeds=table.seeds,
        figure=table.figure,
        directions=table.directions,
        threshold=table.threshold,
        transposed=table.transposed,
        bounds={column.label: column.bounds for column in table.columns if column.bounds},
        edition=table.edition,
        weights=table.weights,
        protocol=table.protocol,
        level=table.level,
        planted=table.planted,
        stated=table.stated,
        column_thresholds={column.label: column.threshold for column in table.columns if column.threshold is not None},
        column_seeds={column.label: column.seeds for column in table.columns if column.seeds},
        runs=tuple(_lines(cells, plan, records, columns)),
        efforts={
            place: _effort(runs, records, None if measures[place[1]] else _threshold(table, columns[place[1]]))
            for place, runs in cells.items()
            if not isinstance(runs, str)
        },
        overlaps={
            place: found.titles
            for place, runs in cells.items()
            if not isinstance(runs, str) and (found := _overlap(runs[0]))
        },
        remarks=_all_remarks(cells, records, measured or {}),
        levels=_levels(cells, measures, measured or {}),
        controls={row.label: row.control_of for row in table.rows if row.control_of is not None},
        marks=marks,
    )


def _value(record: Record, column: Column, measured: Mapping[str, Mapping[str, Found]]) -> float | None:
    """The number of a run that a column shows, None where it is undefined."""
    if column.measure is None:
        return _score(record, column)
    name, _, number = measure_of(column.measure)
    found: float | None = measured[name][record.data["key"]].get(number)
    return found


def _score(record: Record, column: Column) -> float | None:
    """The test score of a run that a column shows, None where it is undefined."""
    if column.score is None:
        return record.score
    found: float | None = record.data["outcome"]["scores"][column.score]
    return found


def _unit(column: Column) -> str:
    """What the numbers of a column are: the task's metric, the score that it shows, or the unit of what is measured."""
    if column.measure:
        return measure_of(column.measure)[1].unit
    if column.score:
        return column.score.partition(":")[0]  # the area of one class is an area
    dataset: Dataset = DATASETS.build(column.dataset)
    return METRICS[dataset.kind]


def _all_remarks(
    cells: Cells, records: dict[str, Record], measured: Mapping[str, Mapping[str, Found]]
) -> tuple[tuple[str, str], ...]:
    """What must be known of rows and of measures, each once."""
    of_rows = dict.fromkeys(
        remark
        for place, runs in cells.items()
        for remark in (*remarks(place[0], runs), *collapses(place[0], runs, records))
    )
    of_measures = [
        remark for name, found in measured.items() for remark in measure_of(name)[1].remarks(list(found.values()))
    ]
    return (*of_rows, *of_measures)


def _secondary(
    cells: Cells,
    records: dict[str, Record],
    plan: Plan,
    measures: Mapping[str, str | None],
    scores: Mapping[Place, Cell],
) -> dict[str, dict[Place, Cell]]:
    """Further scores by title, as far as they are others than the scores and the task's own.

    Those over findings, for example, are the same where all images have one.
    """
    found: dict[str, dict[Place, Cell]] = {}
    for name, title in SECONDARY.items():
        further = {
            place: _further(runs, records, plan, name) if measures[place[1]] is None else Cell(())
            for place, runs in cells.items()
        }
        own = found.get(SECONDARY["dice"], scores)  # where another score is shown, the task's own is the first of these
        if any(cell.values not in ((), scores[place].values, own[place].values) for place, cell in further.items()):
            found[title] = further
    return found


def _further(runs: Runs, records: dict[str, Record], plan: Plan, name: str) -> Cell:
    """A further score of a cell's runs."""

    def value(record: Record) -> float | None:
        found: float | None = record.data["outcome"]["scores"].get(name)
        return found

    return Cell(_cell(runs, records, plan, value).values)


def _cell(runs: Runs, records: dict[str, Record], plan: Plan, value_of: Callable[[Record], float | None]) -> Cell:
    if isinstance(runs, str):
        return Cell((), runs)
    values, reasons = [], []
    for run in runs:
        if run.key in plan.failed:
            failed = plan.failed[run.key]
            log = f" (log: {failed.log})" if failed.log else ""
            # A message about data may name a patient's file, and reports are passed on.
            about_data = failed.exit_status == DataError.exit_status
            why = "its data are not in order" if about_data else (failed.error or "").splitlines()[0]
            reasons.append(f"{draw_title(run.spec)} failed: {why}{log}")
        elif run.key not in records:
            reasons.append(f"{draw_title(run.spec)} has not run")
        elif (value := value_of(records[run.key])) is not None:
            values.append(value)
        else:
            reasons.append(f"{draw_title(run.spec)}: the score is undefined")
    return Cell(tuple(values), "; ".join(reasons) or None)


def _effort(runs: tuple[ResolvedRun, ...], records: dict[str, Record], threshold: float | None) -> Effort:
    done = [records[run.key] for run in runs if run.key in records]
    scores = [validation_scores(record) for record in done]
    converged = [epochs_to_converge(validation) for validation in scores]
    steps = [validated_steps(record) for record in done]
    return Effort(
        tuple(float(epochs) for epochs in converged if epochs is not None),
        tuple(record.data["seconds"] for record in done),
        sum(record.data["seconds"] for record in done if not record.data["environment"]["device"].startswith("cpu"))
        / 3600,
        () if threshold is None else tuple(steps_to(threshold, *one) for one in zip(scores, steps, strict=True)),
    )


def _threshold(table: Table, column: Column) -> float | None:
    return table.threshold if column.threshold is None else column.threshold


def _overlap(run: ResolvedRun) -> Overlap | None:
    return overlap(run.spec.initializer, run.spec.dataset, run.spec.edition)


def remarks(row: str, runs: tuple[ResolvedRun, ...] | str) -> list[tuple[str, str]]:
    """How the network or its input here differ from what a row's weights were trained with, and what is not trained.

    Args:
        row: label, which each remark comes with.
        runs: of one of its cells, or the reason why there are none.
    """
    if isinstance(runs, str):
        return []
    spec = runs[0].spec
    card = build(spec.initializer).card()
    found = [(row, warning) for warning in card.warnings]
    if spec.recipe.trained == "head":
        found.append((row, "the head alone is trained, on the fixed features of these weights"))
    used = spec.recipe.normalization
    if card.normalization is not None and used != "card" and NORMALIZATIONS[used] != card.normalization:
        found.append((row, f'the weights expect another input normalization than the recipe\'s "{used}"'))
    return found


def collapses(row: str, runs: tuple[ResolvedRun, ...] | str, records: dict[str, Record]) -> Iterator[tuple[str, str]]:
    """Which pretrainings of a row gave weights that tell no image from another.

    Args:
        row: label, which each remark comes with.
        runs: of one of its cells, or the reason why there are none.
        records: of all runs, by key.
    """
    for run in () if isinstance(runs, str) else runs[:1]:
        for key, one in run.closure().items():
            if key in records and records[key].data.get("collapsed"):
                rank = records[key].data["outcome"]["scores"]["embedding_rank"]
                method = title_of_text(METHODS, str(one.spec.recipe.method))
                what = f"{method} on {public_title(DATASETS, one.spec.dataset)}"
                yield row, f"its pretraining, {what}, collapsed: the effective rank of the embeddings is {rank:.2f}"


def _levels(
    cells: Cells, measures: Mapping[str, str | None], measured: Mapping[str, Mapping[str, Found]]
) -> dict[str, dict[str, float]]:
    """What the numbers of each column are held against, by words and column: means over the column's runs."""
    levels: dict[str, dict[str, float]] = {}
    for column, expression in measures.items():
        if expression is None:
            continue
        name, measure, number = measure_of(expression)
        keys = [run.key for (_, other), runs in cells.items() if other == column for run in _runs(runs)]
        for level, words in measure.levels.items():
            values = [
                value
                for key in keys
                if key in measured[name] and (value := measured[name][key].get(f"{level}:{number}")) is not None
            ]
            if values:
                levels.setdefault(words, {})[column] = float(np.mean(values))
    return levels


def _runs(runs: Runs) -> tuple[ResolvedRun, ...]:
    return () if isinstance(runs, str) else runs


def _lines(cells: Cells, plan: Plan, records: dict[str, Record], columns: Mapping[str, Column]) -> list[RunLine]:
    """A line for each run; that of several columns, or of one that shows no test score, is of its dataset."""
    datasets = public_labels(DATASETS, (run.spec.dataset for run in plan.runs.values()), columns)
    sources = public_labels(INITIALIZERS, (run.spec.initializer for run in plan.runs.values()))
    scored: dict[str, set[str]] = {}
    for (_, label), runs in cells.items():
        for run in _runs(runs) if columns[label].measure is None else ():
            scored.setdefault(run.key, set()).add(label)
    lines, placed = [], set()
    for (row, label), runs in cells.items():
        for run in _runs(runs):
            first = run.key not in placed  # columns may show the same runs
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
        environment=record.data["environment"],
    )
