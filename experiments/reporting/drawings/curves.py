"""Learning curves: a panel per column, a line per run or per row, the validation score by training step or epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.reporting.drawings.labels import height_of, legend_below, legend_height, wrapped
from experiments.reporting.drawings.panels import COLORS, NARROWEST, PER_LINE, entitle
from experiments.tables.document import RunLine, TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SINGLE = 3
"""Runs of a cell that are drawn each; of more, the mean and standard deviation of those that came so far."""

STYLES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
"""Lines of rows that share a color."""

THRESHOLD: dict[str, Any] = {"color": "0.4", "linestyle": (0, (6, 4)), "linewidth": 0.7}
"""The line at the threshold."""


def draw_curves(document: TableDocument) -> Drawing | None:
    """The whole figure; None if no run of a cell has a validation score."""
    labels = [column for column, _ in document.columns]
    rows = [row for row, _ in document.rows]
    runs = [run for run in document.runs if run.row in rows and any(score is not None for score in run.validation)]
    columns = [column for column in labels if any(run.column == column for run in runs)]
    if not columns:
        return None
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    looks = {
        row: (COLORS[number % len(COLORS)], STYLES[number // len(COLORS) % len(STYLES)])
        for number, row in enumerate(rows)
    }
    widest = min(PER_LINE, len(columns))
    lines = -(-len(columns) // widest)
    metrics, width = dict(document.columns), max(NARROWEST, 1.0 + 2.7 * widest)
    titles = {column: wrapped(f"{column} ({metrics[column]})", width / widest - 0.5, 9) for column in columns}
    marks = [Line2D([], [], color=color, linestyle=style, label=row) for row, (color, style) in looks.items()]
    if thresholds := document.thresholds:
        marks.append(Line2D([], [], label=" and ".join(f"{100 * one:g}%" for one in thresholds), **THRESHOLD))
    legend = legend_height([str(mark.get_label()) for mark in marks], width, 4, 8)
    tall = (2.0 + height_of(list(titles.values()), 9)) * lines + 1.0 + legend
    drawing = Drawing(figsize=(width, tall), layout="constrained")
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(lines, widest, number + 1)
        counted = all(run.steps for run in runs if run.column == column)
        for row, (color, style) in looks.items():
            for line in _lines([run for run in runs if (run.row, run.column) == (row, column)], counted):
                axes.plot(line.places, line.scores, color=color, linestyle=style, linewidth=0.9, alpha=0.65)
                if line.spread is not None:
                    low, high = line.scores - line.spread, line.scores + line.spread
                    axes.fill_between(line.places, low, high, color=color, alpha=0.12, linewidth=0)
        if (threshold := document.threshold_of(column)) is not None:
            axes.axhline(100 * threshold, **THRESHOLD)
        axes.set_ylim(top=min(axes.get_ylim()[1], 102))  # a mean and its deviation may add up to more than 100%
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
    most = max((document.seeds, *document.column_seeds.values()))
    return ", mean ± standard deviation over the runs that came so far" if most > SINGLE else ""


class _Line(NamedTuple):
    """Scores in percent, NaN where undefined, at training steps or epochs.

    Attributes:
        spread: sample standard deviation of the runs, NaN of fewer than two; None: a single run's line.
    """

    places: NDArray[np.float64]
    scores: NDArray[np.float64]
    spread: NDArray[np.float64] | None


def _lines(runs: Sequence[RunLine], counted: bool) -> list[_Line]:
    """The line of each run, or of many runs their mean and spread.

    Args:
        runs: of one cell, which validate at the same steps.
        counted: whether steps are the places, and not epochs.
    """
    longest = max((len(run.validation) for run in runs), default=0)
    scores = np.full((len(runs), longest), np.nan)
    for line, run in zip(scores, runs, strict=True):
        line[: len(run.validation)] = [np.nan if score is None else 100 * score for score in run.validation]
    steps = max((run.steps for run in runs), key=len, default=())
    places = np.array(steps if counted else range(1, longest + 1), dtype=np.float64)
    if len(runs) <= SINGLE:
        sizes = [len(run.validation) for run in runs]
        return [_Line(places[:size], line[:size], None) for line, size in zip(scores, sizes, strict=True)]
    came = np.ma.masked_invalid(scores)
    spread = np.ma.masked_where(came.count(axis=0) < 2, came.std(axis=0, ddof=1))
    return [_Line(places, came.mean(axis=0).filled(np.nan), spread.filled(np.nan))]
