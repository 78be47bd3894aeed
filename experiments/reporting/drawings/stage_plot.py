"""A table drawn along the stages of networks: a panel per group, its columns from left to right, a line per row."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from experiments.reporting.drawings.labels import legend_below
from experiments.reporting.drawings.looks import looks
from experiments.reporting.drawings.panels import NARROWEST, PER_LINE, entitle
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

LEVELS: tuple[Literal["--", ":", "-."], ...] = ("--", ":", "-.")
"""The line styles of reference values, which are used in turn."""


Levels = Mapping[str, Mapping[str, float]]
"""Reference values in [0, 1] for the numbers of a table, by their description and then by column label."""


def draw_stages(document: TableDocument, levels: Levels) -> Drawing:
    """The figure of a table along the stages of networks; of two rows, a dotted gray line shows the difference.

    Args:
        document: the finished table.
        levels: the reference values that are drawn beside the numbers of the table.

    Raises:
        ValueError: if the document does not say how it is drawn.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    figure = document.figure
    if figure is None:
        raise ValueError(f"the table {document.name} is not drawn")
    groups = figure.groups or (("", tuple(label for label, _ in document.columns)),)
    rows = [row for row, _ in document.rows]
    widest = min(PER_LINE, len(groups))
    lines = -(-len(groups) // widest)
    legend = 0.2 * -(-(len(rows) + len(levels) + 1) // 2)
    drawing = Drawing(figsize=(max(NARROWEST, 1.0 + 2.9 * widest), 2.6 * lines + 1.1 + legend), layout="constrained")
    for number, (name, columns) in enumerate(groups):
        axes = drawing.add_subplot(lines, widest, number + 1)
        _panel(axes, document, columns, levels)
        axes.set_title(name, fontsize=9)
        short = [column.removeprefix(name).strip(" ,") for column in columns]
        axes.set_xticks(range(len(columns)), short, fontsize=7, rotation=30 if max(map(len, short)) > 6 else 0)
        axes.tick_params(axis="y", labelsize=7)
        if number % widest == 0:
            axes.set_ylabel(f"{dict(document.columns)[columns[0]]}, %", fontsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    marks = [
        Line2D([], [], color=look.color, linestyle=look.line, marker=look.marker, markersize=4, label=row)
        for row, look in looks(document).items()
    ]
    if len(rows) == 2:
        other = next(row for row in rows if row != document.reference)
        marks.append(Line2D([], [], color="0.45", linestyle=(0, (1, 1)), label=f"{other} minus {document.reference}"))
    marks += [
        Line2D([], [], color="0.6", linestyle=style, linewidth=0.9, label=words)
        for words, style in zip(levels, cycle(LEVELS), strict=False)
    ]
    legend_below(drawing, marks, 2, 7)
    entitle(drawing, document, document.title)
    return drawing


def _panel(axes: Axes, document: TableDocument, columns: tuple[str, ...], levels: Levels) -> None:
    rows = [row for row, _ in document.rows]
    positions = np.arange(len(columns))
    for by_column, style in zip(levels.values(), cycle(LEVELS), strict=False):
        axes.plot(
            positions,
            [100 * by_column.get(column, np.nan) for column in columns],
            color="0.6",
            linestyle=style,
            linewidth=0.9,
        )
    means = {}
    for number, (row, look) in enumerate(looks(document).items()):
        values = [100 * np.array(document.cells[row, column].values) for column in columns]
        means[row] = np.array([scores.mean() if len(scores) else np.nan for scores in values])
        spread = [scores.std(ddof=1) if len(scores) > 1 else 0.0 for scores in values]
        beside = positions + 0.06 * (number - (len(rows) - 1) / 2)
        axes.errorbar(
            beside, means[row], yerr=spread, color=look.color, linestyle=look.line, marker=look.marker, markersize=4,
            linewidth=1.2, capsize=2,
        )  # fmt: skip
    if len(rows) == 2:
        axes.plot(positions, _difference(means, document.reference), color="0.45", linestyle=(0, (1, 1)), linewidth=1.2)
        axes.axhline(0, color="0.85", linewidth=0.6, zorder=0)


def _difference(means: dict[str, NDArray[np.float64]], reference: str) -> NDArray[np.float64]:
    """The means of the other row minus those of the reference row, of two rows."""
    (other,) = (values for row, values in means.items() if row != reference)
    return np.asarray(other - means[reference])
