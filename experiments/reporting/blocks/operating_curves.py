"""ROC and precision-recall curves of classifications: the mean over a row's runs, with its standard deviation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.curves import (
    GRID,
    precision_recall_curve,
    precisions_on_grid,
    roc_curve,
    sensitivities_on_grid,
)
from analysis.scores import MeanAuroc, mean_of_defined
from experiments.reporting.blocks.building.block import Block, DataRows
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.shown_rows import MOST_COLUMNS, MOST_ROWS, classified, left_out, shown_cells
from experiments.reporting.drawings.grid import draw_grid, unit_square
from experiments.reporting.drawings.looks import looks
from experiments.run.predictions import Rows, stored_rows
from experiments.tables.document import TableDocument
from specs.task import Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

TOGETHER = "mean over classes"
"""The name of the curve of a task with several scored classes that belongs to the table's score."""

MOST_CLASSES = 16
"""The largest number of classes of a column whose own curves are drawn."""

FEW_CLASSES = 4
"""The largest number of classes with curves of all shown rows; of more, two rows each."""


@dataclass(frozen=True)
class Curve:
    """One row's curve on one column, of a class or of all scored classes.

    Attributes:
        row: the label of the row.
        column: the label of the column.
        subject: the name of the class, ``mean over classes``, or the classes that together count as positive.
        means: the mean over the runs at each point of ``analysis.curves.GRID``, in [0, 1].
        spreads: the sample standard deviation over the runs at each point; empty: there is one run.
        runs: how many runs have such a curve.
        chance: the height of the curve of a network that knows nothing, in [0, 1]: of precisions the share of
            positives among the labelled test images, the mean over classes and runs; 0 of ROC curves, whose is the
            diagonal.
    """

    row: str
    column: str
    subject: str
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    runs: int
    chance: float = 0.0


@dataclass(frozen=True)
class CurvesOfRuns:
    """The curves of classification runs on their test predictions.

    Attributes:
        roc: the ROC curves: sensitivities at false-positive rates. Those of single classes are left out of tables that
            have more rows than a panel shows.
        precision_recall: the precision-recall curves: precisions at recalls.
    """

    roc: tuple[Curve, ...]
    precision_recall: tuple[Curve, ...]


def operating_curves() -> Kind:
    """The blocks of ROC and precision-recall curves, for tables with a classification."""
    endings = [f"-{which}{more}" for which in TITLES for more in ("", *map(_of_classes, range(1, MOST_COLUMNS + 1)))]
    return Kind(order=51, tell=_tell, part=CurvesOfRuns, gather=_gather, endings=tuple(endings))


def _of_classes(number: int) -> str:
    """The end of the names of the files with the curves of each class of a column."""
    return f"-classes-{number}"


def curves_of_run(task: Task, rows: Rows, score: str | None = None) -> dict[str, tuple[NDArray[Any], ...]]:
    """The curves of one run on the grid, by the name of the class.

    Args:
        task: the task of the run, a classification.
        rows: the run's test predictions.
        score: the score that the table shows, such as ``auroc:Edema``; None: the task's own.

    Returns:
        The sensitivities (101,), the precisions (101,) and the share of positives (1,) of each class; NaN where it is
        undefined. Of several classes, the mean over those that have one comes first.
    """
    scored, names = _scored(task, score)
    targets, scores = scored.columns(rows["targets"]), scored.columns(rows["probabilities"])
    each = {name: _of_class(targets[:, at], scores[:, at]) for at, name in enumerate(names)}
    if len(each) == 1:
        return each
    mean = tuple(mean_of_defined(np.stack(of, axis=-1)) for of in zip(*each.values(), strict=True))
    return {TOGETHER: mean} | each


def _scored(task: Task, score: str | None) -> tuple[MeanAuroc, list[str]]:
    """The score whose columns are drawn, and what each of its columns is called."""
    of_class = (score or "").partition(":")[2]
    scored = MeanAuroc(task.classes, (of_class,) if of_class else task.scored, () if of_class else task.positives)
    return scored, [" or ".join(scored.positives)] if scored.positives else list(scored.scored)


def _of_class(targets: NDArray[Any], scores: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    roc, precision_recall = roc_curve(targets, scores), precision_recall_curve(targets, scores)
    nothing = np.full(len(GRID), np.nan)
    labelled = targets[~np.isnan(targets)]
    return (
        nothing if roc is None else sensitivities_on_grid(roc),
        nothing if precision_recall is None else precisions_on_grid(precision_recall),
        np.array([labelled.mean() if len(labelled) else np.nan]),
    )


def _gather(gathering: Gathering) -> CurvesOfRuns | None:
    roc: list[Curve] = []
    precision_recall: list[Curve] = []
    for row, column, records in shown_cells(gathering):
        predicted = [stored_rows(record) for record in records if classified(record)]
        score = gathering.columns[column].score
        runs = [curves_of_run(task, rows, score) for task, rows in predicted]
        subjects = list(runs[0]) if runs else []
        for subject in subjects if len(gathering.table.rows) <= MOST_ROWS else subjects[:1]:
            sensitivities, precisions, shares = (
                np.array(of) for of in zip(*(run[subject] for run in runs), strict=True)
            )
            roc += _averaged(row, column, subject, sensitivities)
            precision_recall += _averaged(row, column, subject, precisions, shares)
    return CurvesOfRuns(tuple(roc), tuple(precision_recall)) if roc or precision_recall else None


def _averaged(
    row: str, column: str, subject: str, curves: NDArray[Any], shares: NDArray[Any] | None = None
) -> Iterator[Curve]:
    """The mean of curves (R, 101) of a cell's runs; nothing where no run has one."""
    known = ~np.isnan(curves).any(axis=1)
    if not known.any():
        return
    spreads = tuple(curves[known].std(axis=0, ddof=1).tolist()) if known.sum() > 1 else ()
    chance = 0.0 if shares is None else float(shares[known].mean())
    means = tuple(curves[known].mean(axis=0).tolist())
    yield Curve(row, column, subject, means, spreads, int(known.sum()), chance)


NOTES = {
    "roc": (
        "Of the stored test predictions: at each of 101 false-positive rates (steps of 0.01) the mean sensitivity over "
        "a row's runs (vertical averaging, Fawcett 2006); the band is ± one sample standard deviation over the runs, "
        "and a single run has none. Between thresholds a run's own curve is straight. Of several classes, each "
        "against the rest, the mean of their curves, whose area is the table's score. Dotted: a network that knows "
        "nothing."
    ),
    "precision-recall": (
        "At each of 101 recalls the mean over a row's runs of the precision at the strictest threshold that reaches "
        "it, without interpolation (Davis and Goadrich 2006); the band is ± one sample standard deviation over the "
        "runs. Dotted: a network that knows nothing, the share of positives."
    ),
}
"""What the curves are, by the ending of their drawing."""

TITLES = {"roc": "ROC curves", "precision-recall": "Precision-recall curves"}
AXES = {"roc": ("1 - specificity", "sensitivity"), "precision-recall": ("recall (sensitivity)", "precision")}


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(CurvesOfRuns)
    if part is None:
        return
    for which, curves in (("roc", part.roc), ("precision-recall", part.precision_recall)):
        leading: dict[str, str] = {}
        for curve in curves:
            leading.setdefault(curve.column, curve.subject)
        overall = [curve for curve in curves if curve.subject == leading[curve.column]]
        if overall:
            notes = (NOTES[which], *left_out(document, {(curve.row, curve.column) for curve in overall}))
            yield _block(document, which, overall, TITLES[which], f"-{which}", notes)
        for number, (column, subject) in enumerate(leading.items(), 1):
            each = _few(document, [one for one in curves if one.column == column and one.subject != subject])
            if subject == TOGETHER and each:
                ending = f"-{which}{_of_classes(number)}"
                title = f"{TITLES[which]} of each class of {column}"
                yield _block(document, which, each, title, ending, (), folded=True)


def _few(document: TableDocument, curves: Sequence[Curve]) -> list[Curve]:
    """The curves of the classes of a column that there is room for."""
    classes = {curve.subject for curve in curves}
    if len(classes) > MOST_CLASSES:
        return []
    if len(classes) <= FEW_CLASSES:
        return list(curves)
    two = {document.reference, document.best_row(curves[0].column)}
    return [curve for curve in curves if curve.row in two]


def _block(
    document: TableDocument, which: str, curves: Sequence[Curve], title: str, ending: str, notes: tuple[str, ...],
    folded: bool = False,
) -> Block:  # fmt: skip
    return Block(
        title=title,
        notes=notes,
        drawing=lambda: draw_curves(document, which, curves, title),
        data=lambda: data_of(which, curves),
        ending=ending,
        folded=folded,
        detail=True,
    )


def draw_curves(document: TableDocument, which: str, curves: Sequence[Curve], title: str) -> Drawing:
    """The figure of curves, with a panel per column or class and a line with a band per row.

    Args:
        document: the finished table.
        which: ``roc`` or ``precision-recall``.
        curves: the curves that are drawn.
        title: what the drawing shows.
    """
    panels = list(dict.fromkeys((curve.column, curve.subject) for curve in curves))
    several = len({column for column, _ in panels}) < len(panels)
    shown = looks(document)

    def paint(axes: Axes, number: int) -> None:
        unit_square(axes, *AXES[which])
        of_panel = [curve for curve in curves if (curve.column, curve.subject) == panels[number]]
        chance = of_panel[0].chance
        axes.plot([0, 1], [0, 1] if which == "roc" else [chance, chance], color="0.6", linewidth=0.8, linestyle=":")
        for place, curve in enumerate(of_panel):
            look, means = shown[curve.row], np.array(curve.means)
            start = 9 + 4 * place  # markers of different rows stand apart
            axes.plot(
                GRID, means, color=look.color, linestyle=look.line, linewidth=1.2, marker=look.marker, markersize=3.5,
                markevery=(start % 25, 25),
            )  # fmt: skip
            if curve.spreads:
                low, high = np.clip([means - curve.spreads, means + curve.spreads], 0, 1)
                axes.fill_between(GRID, low, high, color=look.color, alpha=0.15, linewidth=0)

    names = [subject if several else _named(column, subject) for column, subject in panels]
    return draw_grid(document, title, names, paint, [curve.row for curve in curves])


def _named(column: str, subject: str) -> str:
    return f"{column}, {subject}" if subject == TOGETHER else column


def data_of(which: str, curves: Sequence[Curve]) -> DataRows:
    """The numbers of curves, a line for each point of the grid and a column for each mean and standard deviation."""
    across = "false_positive_rate" if which == "roc" else "recall"
    titles: list[str] = [across]
    values: list[Sequence[float]] = [GRID.tolist()]
    for curve in curves:
        name = f"{curve.row} | {curve.column} | {curve.subject}"
        titles += [f"{name}: mean of {curve.runs}", *([f"{name}: sd"] if curve.spreads else [])]
        values += [curve.means, *([curve.spreads] if curve.spreads else [])]
    return [titles, *map(list, zip(*values, strict=True))]
