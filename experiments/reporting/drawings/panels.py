"""A table drawn: a panel per column with each row's runs, mean and standard deviation beside the reference row's.

Scores of a column differ by few points, so the axes do not begin at 0; points and whiskers are drawn, since the length
of a bar on such an axis would mislead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from experiments.reporting.drawings.labels import height_of, legend_below, wrapped
from experiments.reporting.drawings.looks import Look, looks
from experiments.reporting.drawings.pictures import caption
from experiments.reporting.text.phrases import PHANTOM_WARNING, p_stated
from experiments.reporting.text.provenance import provenance
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

PER_LINE = 4
"""The largest number of panels side by side."""

NARROWEST = 7.5
"""The least width of a drawing in inches, so that titles and legends fit."""

NAMES = 2.6
"""The largest width in inches of the rows' names beside a panel."""


def draw_panels(document: TableDocument) -> Drawing:
    """The figure of a table's scores, with a panel per column.

    Raises:
        ValueError: if the document does not say how it is drawn.
    """
    from matplotlib.figure import Figure as Drawing

    figure = document.figure
    if figure is None:
        raise ValueError(f"the table {document.name} is not drawn")
    labels = [label for label, _ in document.columns]
    groups = figure.groups or (("", tuple(labels)),)
    lines = [
        (name, columns[start : start + PER_LINE])
        for name, columns in groups
        for start in range(0, len(columns), PER_LINE)
    ]
    widest = max(len(columns) for _, columns in lines)
    rows = [label for label, _ in document.rows]
    names = [wrapped(row, NAMES, 8) for row in rows]
    width = max(NARROWEST, 1.8 + 2.6 * widest)
    metrics = dict(document.columns)
    titles = {column: wrapped(f"{column} ({metrics[column]})", 2.6, 9) for column in labels}
    high = 0.75 + height_of(list(titles.values()), 9) + max(0.26, height_of(names, 8)) * len(rows)
    drawing = Drawing(figsize=(width, high * len(lines) + 1.2), layout="constrained")
    families = {row: family for row, family in figure.families if row in rows}
    shown = looks(document)
    shades = {family: shown[row].color for row, family in families.items()}
    for line, (name, columns) in enumerate(lines):
        for place, column in enumerate(columns):
            axes = drawing.add_subplot(len(lines), widest, line * widest + place + 1)
            _panel(axes, document, column, shown)
            axes.set_yticks([-number for number in range(len(rows))], names if place == 0 else [""] * len(rows))
            axes.tick_params(axis="y", labelsize=8)
            axes.set_title(titles[column], fontsize=9)
            if place == 0:
                axes.set_ylabel(name, fontsize=9)
    if shades:
        from matplotlib.lines import Line2D

        marks = [Line2D([], [], color=shade, linewidth=4, label=family) for family, shade in shades.items()]
        legend_below(drawing, marks, 4, 8)
    entitle(drawing, document, document.title)
    return drawing


def entitle(drawing: Drawing, document: TableDocument, title: str) -> None:
    """Put a title above a drawing, with a warning if data are synthetic and the provenance, in lines that fit."""
    caption(drawing, title, PHANTOM_WARNING if document.edition == "phantom" else "", provenance(document))


def _panel(axes: Axes, document: TableDocument, column: str, shown: Mapping[str, Look]) -> None:
    """Draw one column: runs as small dots, their mean and standard deviation, and the corrected p-value beside it."""
    reference = 100 * np.array(document.cells[document.reference, column].values)
    if len(reference):
        spread = reference.std(ddof=1) if len(reference) > 1 else 0.0
        axes.axvspan(reference.mean() - spread, reference.mean() + spread, color="0.9", linewidth=0)
        axes.axvline(reference.mean(), color="0.6", linewidth=0.8)
    for number, (row, (color, marker, _)) in enumerate(shown.items()):
        values = 100 * np.array(document.cells[row, column].values)
        height = -number
        if not len(values):
            axes.annotate("-", (0.5, height), xycoords=("axes fraction", "data"), va="center", ha="center", color="0.5")
            continue
        axes.scatter(values, np.full(len(values), height), s=6, color=color, alpha=0.4, linewidths=0)
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        axes.errorbar(
            values.mean(), height, xerr=spread, fmt=marker, markersize=4, color=color, linewidth=1.2, capsize=2
        )
        result = document.result((row, column))
        if row != document.reference and result is not None and result.p_holm is not None:
            text = f"{p_stated(result.p_holm)} {document.symbol((row, column))}".rstrip()
            axes.annotate(
                text, (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=6.5, color="0.3"
            )
    axes.set_ylim(-len(shown) + 0.4, 0.6)
    axes.tick_params(axis="x", labelsize=7)
    axes.margins(x=0.08)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
