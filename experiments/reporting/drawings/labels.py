"""Long names in drawings: broken into lines, and in a legend that is no wider than the drawing."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

CHARACTER = 0.6
"""Width of a character in font sizes; most are narrower."""

LINE = 1.3
"""Height of a line in font sizes."""

BESIDE = 5.0
"""What stands beside a name in a legend, and the space to the next column, in font sizes."""

POINTS = 72
"""In an inch."""


def wrapped(text: str, inches: float, size: float) -> str:
    """A text in lines that are no wider than so many inches.

    Args:
        text: of one line.
        inches: of room.
        size: of the font, in points.
    """
    return textwrap.fill(text, max(8, int(inches * POINTS / (CHARACTER * size))), break_on_hyphens=False)


def height_of(texts: Sequence[str], size: float) -> float:
    """Inches that the text of the most lines takes.

    Args:
        texts: with a line break after each line.
        size: of the font, in points.
    """
    return max((text.count("\n") + 1 for text in texts), default=0) * LINE * size / POINTS


def legend_height(names: Sequence[str], width: float, most: int, size: float) -> float:
    """Inches that ``legend_below`` takes; its other arguments are the same."""
    texts, columns = _arranged(names, width, most, size)
    return -(-len(texts) // columns) * (height_of(texts, size) + 0.06)


def legend_below(drawing: Drawing, marks: Sequence[Line2D], most: int, size: float) -> None:
    """Put a legend below a drawing, in as many columns as fit.

    Args:
        drawing: that it explains.
        marks: each with its name as its label.
        most: columns.
        size: of the font, in points.
    """
    texts, columns = _arranged([str(mark.get_label()) for mark in marks], drawing.get_figwidth(), most, size)
    drawing.legend(marks, texts, loc="outside lower center", ncols=columns, fontsize=size, frameon=False)


def _arranged(names: Sequence[str], width: float, most: int, size: float) -> tuple[list[str], int]:
    """The names in lines, and the number of columns."""
    beside = BESIDE * size / POINTS
    texts = [wrapped(name, width - beside, size) for name in names]
    longest = max(len(line) for text in texts for line in text.split("\n"))
    column = longest * CHARACTER * size / POINTS + beside
    return texts, max(1, min(most, len(texts), int(width / column)))
