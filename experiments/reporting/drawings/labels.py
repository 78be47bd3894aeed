"""Long names in drawings: broken into lines, and in a legend that is no wider than the drawing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

CHARACTER = 0.6
"""The width of a character as a multiple of the font size; most are narrower."""

LINE = 1.3
"""The height of a line as a multiple of the font size."""

BESIDE = 5.0
"""The width of a legend's mark and of the space to the next column, as a multiple of the font size."""

POINTS = 72
"""The number of typographic points in an inch."""


def wrapped(text: str, inches: float, size: float) -> str:
    """A text broken into lines that are no wider than a width.

    Args:
        text: the text, without line breaks.
        inches: the width in inches.
        size: the size of the font, in points.
    """
    return textwrap.fill(text, max(8, int(inches * POINTS / (CHARACTER * size))), break_on_hyphens=False)


def height_of(texts: Sequence[str], size: float) -> float:
    """The height in inches of the text that has the most lines.

    Args:
        texts: the texts, whose lines end in line breaks.
        size: the size of the font, in points.
    """
    return max((text.count("\n") + 1 for text in texts), default=0) * LINE * size / POINTS


def legend_height(names: Sequence[str], width: float, most: int, size: float) -> float:
    """The height in inches that ``legend_below`` takes for marks with these names.

    Args:
        names: the names of the marks.
        width: the width of the drawing in inches.
        most: the largest number of columns.
        size: the size of the font, in points.
    """
    texts, columns = _arranged(names, width, most, size)
    return -(-len(texts) // columns) * (height_of(texts, size) + 0.06)


def legend_below(drawing: Drawing, marks: Sequence[Line2D], most: int, size: float) -> None:
    """Put a legend below a drawing, in as many columns as fit.

    Args:
        drawing: the drawing whose marks the legend explains.
        marks: the marks, each of which has its name as its label.
        most: the largest number of columns.
        size: the size of the font, in points.
    """
    texts, columns = _arranged([str(mark.get_label()) for mark in marks], drawing.get_figwidth(), most, size)
    drawing.legend(marks, texts, loc="outside lower center", ncols=columns, fontsize=size, frameon=False)


def _arranged(names: Sequence[str], width: float, most: int, size: float) -> tuple[list[str], int]:
    """The names broken into lines, and the number of columns that fit."""
    beside = BESIDE * size / POINTS
    texts = [wrapped(name, width - beside, size) for name in names]
    longest = max(len(line) for text in texts for line in text.split("\n"))
    column = longest * CHARACTER * size / POINTS + beside
    return texts, max(1, min(most, len(texts), int(width / column)))
