"""Steps to the threshold, drawn: a panel per column, a line of places per row, every run, and their median."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reporting.drawings.labels import height_of, legend_below, wrapped
from experiments.reporting.drawings.panels import COLORS, NAMES, NARROWEST, PER_LINE, entitle
from experiments.reporting.text.words import steps_by_row
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


def draw_steps(document: TableDocument) -> Drawing | None:
    """The whole figure; None if there are no steps to a threshold."""
    lines = steps_by_row(document)
    if not lines:
        return None
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    (title, *columns), *rows = lines
    widest = min(PER_LINE, len(columns))
    high = -(-len(columns) // widest)
    names = [wrapped(row, NAMES, 8) for row, *_ in rows]
    titles = [wrapped(column, 2.9, 9) for column in columns]
    tall = 0.75 + height_of(titles, 9) + max(0.32, height_of(names, 8)) * len(rows)
    drawing = Drawing(figsize=(max(NARROWEST, 1.8 + 2.9 * widest), tall * high + 1.2), layout="constrained")
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(high, widest, number + 1)
        _panel(axes, document, column, {row: texts[number] for row, *texts in rows})
        axes.set_title(titles[number], fontsize=9)
        axes.set_yticks([-place for place in range(len(rows))], [""] * len(rows) if number % widest else names)
        axes.tick_params(axis="y", labelsize=8)
    gray: dict[str, Any] = {"color": "0.3", "linestyle": ""}
    marks = [
        Line2D([], [], marker="o", markersize=4, label="run", **gray),
        Line2D([], [], marker="o", markersize=4, fillstyle="none", label="run that ended without it", **gray),
        Line2D([], [], marker="|", markersize=10, markeredgewidth=1.6, label="median", **gray),
    ]
    legend_below(drawing, marks, 3, 8)
    entitle(drawing, document, f"{document.title}: {title[0].lower()}{title[1:]}")
    return drawing


def _panel(axes: Axes, document: TableDocument, column: str, texts: dict[str, str]) -> None:
    """One column: each run at a height of its own, so that no mark hides another; in words at the right."""
    from matplotlib.ticker import MaxNLocator

    rows = list(texts)
    for number, row in enumerate(rows):
        color = COLORS[number % len(COLORS)]
        effort, result = document.efforts.get((row, column)), document.convergence.get((row, column))
        axes.annotate(
            texts[row], (1.03, -number), xycoords=("axes fraction", "data"), va="center", fontsize=7, color="0.3"
        )
        if effort is None or result is None:
            continue
        heights = -number + (np.linspace(0.24, -0.24, len(effort.steps)) if len(effort.steps) > 1 else np.zeros(1))
        for run, height in zip(effort.steps, heights, strict=True):
            look = "full" if run.reached else "none"
            axes.plot(
                run.time, height, marker="o", markersize=4, fillstyle=look, color=color, alpha=0.75, clip_on=False
            )
            if not run.reached:
                arrow = {"arrowstyle": "<-", "color": color, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 2.5}
                at = (run.time, height)
                axes.annotate("", at, xytext=(11, 0), textcoords="offset points", arrowprops=arrow)
        if result.median.reached:
            axes.vlines(result.median.time, -number - 0.36, -number + 0.36, color=color, linewidth=1.8, zorder=1)
    axes.set_xlabel("training step", fontsize=8)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    longest = max(run.time for place, of in document.efforts.items() if place[1] == column for run in of.steps)
    axes.set_xlim(0, 1.1 * longest)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="x", labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
