"""A forest plot: how far each row is above the reference row, with 95 % intervals, a panel per column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analysis.contrast import CONFIDENCE, contrast
from experiments.reporting.drawings.intervals import Bar, draw_bar, edges, frame, write_beside
from experiments.reporting.drawings.labels import height_of, wrapped
from experiments.reporting.drawings.panels import COLORS, entitle
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MOST = 4
"""Columns of a table that is drawn so."""

PER_LINE = 2
"""Panels side by side, which have numbers beside them."""

NAMES, PANEL, NUMBERS = 2.0, 2.3, 1.5
"""Inches that names take at most, that a panel is wide, and that the numbers beside it take."""


def draw_forest(document: TableDocument) -> Drawing | None:
    """The whole figure.

    Each interval is that of Welch's test of the row against the reference row, by itself: the corrected tests that the
    table marks are stricter.

    Returns:
        None if no difference has an interval, if the table has many columns or is one of stages that follow each
        other, or if a race has decided, whose picture has bounds that hold at every look.
    """
    if document.decided is not None or len(document.columns) > MOST or (document.figure and document.figure.along):
        return None
    bars = _bars(document)
    columns = [column for column, _ in document.columns if any(place[1] == column for place in bars)]
    if not any(math.isfinite(bar.low) for bar in bars.values()):
        return None
    from matplotlib.figure import Figure as Drawing

    rows = [row for row, _ in document.rows if any(place[0] == row for place in bars)]
    colors = {row: COLORS[number % len(COLORS)] for number, (row, _) in enumerate(document.rows)}
    names, metrics = [wrapped(row, NAMES, 8) for row in rows], dict(document.columns)
    titles = [wrapped(f"{column} ({metrics[column]})", PANEL + 0.6, 9) for column in columns]
    widest = min(PER_LINE, len(columns))
    lines = -(-len(columns) // widest)
    tall = (0.8 + height_of(titles, 9) + max(0.28, height_of(names, 8) + 0.06) * len(rows)) * lines + 0.9
    width = max(6.5, 0.2 + NAMES + (PANEL + NUMBERS) * widest)
    drawing = Drawing(figsize=(width, tall), layout="constrained")
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(lines, widest, number + 1)
        frame(axes, len(rows), edges([bar for (_, of), bar in bars.items() if of == column]))
        axes.set_yticks([-place for place in range(len(rows))], [""] * len(rows) if number % widest else names)
        axes.set_title(titles[number], fontsize=9)
        axes.set_xlabel("points", fontsize=8)
        for place, row in enumerate(rows):
            if (bar := bars.get((row, column))) is None:
                write_beside(axes, "-", -place, "0.5")
                continue
            draw_bar(axes, bar, -place, colors[row])
            write_beside(axes, f"{bar} {document.symbol((row, column))}".rstrip(), -place)
    told = f"{CONFIDENCE:.0%} intervals of Welch's test, each by itself"
    entitle(drawing, document, f"{document.title}: differences from {document.reference}; {told}")
    return drawing


def _bars(document: TableDocument) -> dict[tuple[str, str], Bar]:
    """The differences in points, by row and column; infinite bounds where there is a single run or no spread."""
    found = {}
    for (row, column), cell in document.cells.items():
        base = document.cells[document.reference, column].values
        if row == document.reference or not cell.values or not base:
            continue
        of = contrast([cell.values, base], (1, -1))
        low, high = of.interval or (-math.inf, math.inf)
        found[row, column] = Bar(100 * low, 100 * of.estimate, 100 * high)
    return found
