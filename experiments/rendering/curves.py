"""Learning curves: a panel per column, a line per run or per row, the validation score after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from experiments.rendering.document import TableDocument
from experiments.rendering.panels import COLORS, NARROWEST, PER_LINE, entitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SINGLE = 3
"""Runs of a cell that are drawn each; of more, the mean of those that came so far."""

STYLES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")
"""Lines of rows that share a color."""


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
    legend = 0.2 * -(-len(rows) // 4)
    drawing = Drawing(figsize=(max(NARROWEST, 1.0 + 2.7 * widest), 2.1 * lines + 1.1 + legend), layout="constrained")
    metrics = dict(document.columns)
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(lines, widest, number + 1)
        for row, (color, style) in looks.items():
            for scores in _lines([run.validation for run in runs if (run.row, run.column) == (row, column)]):
                epochs = range(1, len(scores) + 1)
                axes.plot(epochs, scores, color=color, linestyle=style, linewidth=0.9, alpha=0.65)
        axes.set_title(f"{column} ({metrics[column]})", fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        if number % widest == 0:
            axes.set_ylabel("validation score, %", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    marks = [Line2D([], [], color=color, linestyle=style, label=row) for row, (color, style) in looks.items()]
    drawing.legend(handles=marks, loc="outside lower center", ncols=min(len(marks), 4), fontsize=8, frameon=False)
    entitle(drawing, document, f"{document.title}: learning curves{_averaged(document)}")
    return drawing


def _averaged(document: TableDocument) -> str:
    return ", mean over the runs that came so far" if document.seeds > SINGLE else ""


def _lines(runs: Sequence[Sequence[float | None]]) -> list[NDArray[np.float64]]:
    """Scores in percent after each epoch, NaN where undefined: of each run, or of many runs their mean."""
    longest = max(map(len, runs), default=0)
    scores = np.full((len(runs), longest), np.nan)
    for line, run in zip(scores, runs, strict=True):
        line[: len(run)] = [np.nan if score is None else 100 * score for score in run]
    if len(runs) <= SINGLE:
        return [line[: len(run)] for line, run in zip(scores, runs, strict=True)]
    count = np.isfinite(scores).sum(axis=0)
    return [np.where(count, np.nansum(scores, axis=0) / np.maximum(count, 1), np.nan)]
