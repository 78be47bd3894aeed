"""A drawing of small square panels side by side, with one legend of the rows below them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from experiments.reporting.drawings.labels import height_of, legend_below, legend_height, wrapped
from experiments.reporting.drawings.looks import Look, looks
from experiments.reporting.drawings.panels import NARROWEST, PER_LINE, entitle
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

SIDES = (4.2, 3.4, 2.7, 2.5)
"""The width and height in inches of a panel with its labels, of one, two, three and more panels side by side."""


def draw_grid(
    document: TableDocument,
    title: str,
    panels: Sequence[str],
    paint: Callable[[Axes, int], None],
    rows: Iterable[str] = (),
) -> Drawing:
    """The figure of several panels.

    Args:
        document: the finished table, whose title and provenance stand above the panels.
        title: what the panels show, in words.
        panels: the title of each panel.
        paint: a function that draws a panel, given its axes and its number.
        rows: the labels of the rows that the legend explains; none if empty.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    shown: dict[str, Look] = {row: look for row, look in looks(document).items() if row in set(rows)}
    marks = [
        Line2D([], [], color=look.color, linestyle=look.line, marker=look.marker, markersize=4, label=row)
        for row, look in shown.items()
    ]
    widest = min(PER_LINE, len(panels))
    size = SIDES[min(widest, len(SIDES)) - 1]
    lines = -(-len(panels) // widest)
    width = max(NARROWEST, 0.6 + size * widest)
    titles = [wrapped(panel, width / widest - 0.4, 9) for panel in panels]
    legend = legend_height(list(shown), width, 4, 8) if marks else 0.0
    tall = (size + height_of(titles, 9)) * lines + 0.9 + legend
    drawing = Drawing(figsize=(width, tall), layout="constrained")
    for number, told in enumerate(titles):
        axes = drawing.add_subplot(lines, widest, number + 1)
        paint(axes, number)
        axes.set_title(told, fontsize=9)
        axes.tick_params(labelsize=7)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    if marks:
        legend_below(drawing, marks, 4, 8)
    entitle(drawing, document, f"{document.title}: {title}")
    return drawing


def unit_square(axes: Axes, across: str, up: str) -> None:
    """Prepare axes whose both scales go from 0 to 1, with the names of what they show."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel(across, fontsize=8)
    axes.set_ylabel(up, fontsize=8)
