"""Learning curves: a panel per column, a line per run or per row, the validation score by training step or epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.reporting.blocks.building.block import Block, DataRows
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.convergence import threshold_of
from experiments.reporting.drawings.labels import height_of, legend_below, legend_height, wrapped
from experiments.reporting.drawings.looks import looks
from experiments.reporting.drawings.panels import NARROWEST, PER_LINE, entitle
from experiments.tables.document import RunLine, TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SINGLE = 3
"""The largest number of runs of a cell that are drawn one by one.

Of more runs, the mean and standard deviation are drawn, over those that trained at least so long.
"""

MOST_POSITIONS = 40
"""The largest number of validations of an averaged line that are drawn, at equal distances, with the last one."""

MARKED = 6
"""The approximate number of markers on a line; the first point has one, so that a single epoch is seen."""

THRESHOLD: dict[str, Any] = {"color": "0.4", "linestyle": (0, (6, 4)), "linewidth": 0.7}
"""The style of the line at the threshold."""


def learning_curves() -> Kind:
    """The block with learning curves, for tables whose runs were validated."""
    return Kind(order=50, tell=_tell, endings=("-curves",))


def _tell(document: TableDocument) -> Iterator[Block]:
    rows = dict(document.rows)
    if any(run.row in rows and any(score is not None for score in run.validation) for run in document.runs):
        yield Block(
            title="Learning curves", drawing=lambda: draw_curves(document),
            data=lambda: _data(document), ending="-curves",
        )  # fmt: skip


def draw_curves(document: TableDocument) -> Drawing | None:
    """The figure of learning curves; None if no run of a cell has a validation score."""
    labels = [column for column, _ in document.columns]
    rows = [row for row, _ in document.rows]
    runs = [run for run in document.runs if run.row in rows and any(score is not None for score in run.validation)]
    columns = [column for column in labels if any(run.column == column for run in runs)]
    if not columns:
        return None
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    shown = looks(document)
    widest = min(PER_LINE, len(columns))
    lines = -(-len(columns) // widest)
    metrics, width = dict(document.columns), max(NARROWEST, 1.0 + 2.7 * widest)
    titles = {column: wrapped(f"{column} ({metrics[column]})", width / widest - 0.5, 9) for column in columns}
    marks = [
        Line2D([], [], color=look.color, linestyle=look.line, marker=look.marker, markersize=4, label=row)
        for row, look in shown.items()
    ]
    thresholds = dict.fromkeys(one for column in labels if (one := threshold_of(document, column)) is not None)
    if thresholds:
        marks.append(Line2D([], [], label=" and ".join(f"{100 * one:g}%" for one in thresholds), **THRESHOLD))
    legend = legend_height([str(mark.get_label()) for mark in marks], width, 4, 8)
    tall = (2.0 + height_of(list(titles.values()), 9)) * lines + 1.0 + legend
    drawing = Drawing(figsize=(width, tall), layout="constrained")
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(lines, widest, number + 1)
        counted = all(run.steps for run in runs if run.column == column)
        for row, (color, marker, style) in shown.items():
            for line in _lines([run for run in runs if (run.row, run.column) == (row, column)], counted):
                axes.plot(
                    line.positions, line.scores, color=color, linestyle=style, linewidth=0.9, alpha=0.65,
                    marker=marker, markersize=3, markevery=max(1, len(line.positions) // MARKED),
                )  # fmt: skip
                if line.spread is not None:
                    low, high = line.scores - line.spread, line.scores + line.spread
                    axes.fill_between(line.positions, low, high, color=color, alpha=0.12, linewidth=0)
        if (threshold := threshold_of(document, column)) is not None:
            axes.axhline(100 * threshold, **THRESHOLD)
        axes.set_ylim(top=min(axes.get_ylim()[1], 102))  # a mean plus its standard deviation may exceed 100%
        axes.set_title(titles[column], fontsize=9)
        axes.set_xlabel("training step" if counted else "epoch", fontsize=8)
        if number % widest == 0:
            axes.set_ylabel("validation score, %", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    legend_below(drawing, marks, 4, 8)
    entitle(drawing, document, f"{document.title}: learning curves{_averaged(document)}")
    return drawing


def _averaged(document: TableDocument) -> str:
    """The end of the title that says what a line is, where a cell has too many runs to draw each of them."""
    drawn = Counter((run.row, run.column) for run in document.runs if run.row in dict(document.rows))
    if max(drawn.values(), default=0) <= SINGLE:
        return ""
    few = "" if min(drawn.values()) > SINGLE else f", each run of cells that have no more than {SINGLE}"
    return f", mean ± standard deviation over the runs that came so far{few}"


class _Line(NamedTuple):
    """One line of a panel.

    Attributes:
        positions: the training steps or epochs of the points.
        scores: the validation scores in percent; NaN where a score is undefined.
        spread: the sample standard deviation over the runs, in points; NaN for fewer than two runs; None: the line is
            that of a single run.
    """

    positions: NDArray[np.float64]
    scores: NDArray[np.float64]
    spread: NDArray[np.float64] | None


def _lines(runs: Sequence[RunLine], counted: bool) -> list[_Line]:
    """The lines of one cell: one for each run or, where there are many runs, one with their mean and spread.

    Args:
        runs: the runs of one cell, which are validated at the same steps.
        counted: whether points are placed at training steps instead of epochs.
    """
    longest = max((len(run.validation) for run in runs), default=0)
    scores = np.full((len(runs), longest), np.nan)
    for line, run in zip(scores, runs, strict=True):
        line[: len(run.validation)] = [np.nan if score is None else 100 * score for score in run.validation]
    steps = max((run.steps for run in runs), key=len, default=())
    positions = np.array(steps if counted else range(1, longest + 1), dtype=np.float64)
    if len(runs) <= SINGLE:
        sizes = [len(run.validation) for run in runs]
        return [_Line(positions[:size], line[:size], None) for line, size in zip(scores, sizes, strict=True)]
    came = np.ma.masked_invalid(scores)
    spread = np.ma.masked_where(came.count(axis=0) < 2, came.std(axis=0, ddof=1))
    every = -(-longest // MOST_POSITIONS)
    drawn = np.arange(longest - 1, -1, -every)[::-1]
    return [_Line(positions[drawn], came.mean(axis=0).filled(np.nan)[drawn], spread.filled(np.nan)[drawn])]


def _data(document: TableDocument) -> DataRows:
    """What is drawn: for each panel its positions, then the scores of each line in percent, and their spread."""
    rows = [row for row, _ in document.rows]
    titles: list[str] = ["point"]
    values: list[list[float | None]] = []
    for column, _ in document.columns:
        runs = [run for run in document.runs if run.column == column and run.row in rows]
        counted = bool(runs) and all(run.steps for run in runs)
        longest: list[float | None] = []
        for row in rows:
            lines = _lines([run for run in runs if run.row == row], counted)
            for number, line in enumerate(lines, 1):
                longest = max(longest, line.positions.tolist(), key=len)
                titles.append(f"{row} | {column}: " + ("mean" if line.spread is not None else f"run {number}"))
                values.append(_known(line.scores))
                if line.spread is not None:
                    titles.append(f"{row} | {column}: sd")
                    values.append(_known(line.spread))
        titles.append(f"{column}: {'step' if counted else 'epoch'}")
        values.append(longest)
    most = max(map(len, values), default=0)
    filled = [of + [None] * (most - len(of)) for of in values]
    return [titles, *([number, *line] for number, line in enumerate(zip(*filled, strict=True), 1))]


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
