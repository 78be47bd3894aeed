"""A table of numbers on a terminal of any width: names wrap, and what does not fit beside them follows below.

Numbers are never cut or wrapped. A table that is wider than the terminal is printed in parts, each with the names of
the lines again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

BETWEEN = 3
"""Characters between two columns: a line with a space on either side."""

LEAST_NAME = 24
"""Characters that the names of lines have at least, if they are longer."""

LONGEST_WORD = 16
"""Longer words of a heading are broken where the numbers below are narrower."""


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    Attributes:
        heading: above it; its lines and words may be wrapped.
        cells: a text for each line of the table.
    """

    heading: Text
    cells: Sequence[Text]

    @property
    def natural(self) -> int:
        """Characters that it takes where there is room."""
        return max(cell_len(line) for text in (self.heading, *self.cells) for line in text.plain.split("\n"))

    @property
    def least(self) -> int:
        """Characters without which a number would be cut."""
        words = [min(cell_len(word), LONGEST_WORD) for word in self.heading.plain.split()]
        return max([1, *words, *(cell_len(cell.plain) for cell in self.cells)])


def print_columns(console: Console, corner: str, names: Sequence[str], columns: Sequence[NumberColumn]) -> None:
    """Print a table of numbers, in as many parts as the console's width asks for.

    Args:
        console: where to print.
        corner: above the names.
        names: of the lines.
        columns: with as many cells as there are names.
    """
    longest = max(cell_len(text) for text in (corner, *names))
    least = min(longest, LEAST_NAME)
    for number, part in enumerate(_parts(columns, console.width - least)):
        if number:
            console.print()
        room = console.width - BETWEEN * len(part)
        first, *others = _widths(room, [longest, *(of.natural for of in part)], [least, *(of.least for of in part)])
        table = Table(show_edge=False, pad_edge=False, safe_box=not console.encoding.lower().startswith("utf"))
        table.add_column(Text(corner), overflow="fold", width=first)
        for column, width in zip(part, others, strict=True):
            table.add_column(column.heading, justify="right", overflow="fold", width=width)
        for line, name in enumerate(names):
            table.add_row(Text(name), *(column.cells[line] for column in part))
        console.print(table)


def _parts(columns: Sequence[NumberColumn], room: int) -> Iterator[list[NumberColumn]]:
    """Columns that fit beside each other, one at least."""
    part: list[NumberColumn] = []
    taken = 0
    for column in columns:
        if part and taken + BETWEEN + column.least > room:
            yield part
            part, taken = [], 0
        part.append(column)
        taken += BETWEEN + column.least
    yield part


def _widths(room: int, natural: Sequence[int], least: Sequence[int]) -> list[int]:
    """How wide columns are: from their least, the first is widened to what it would be, then the narrowest ones."""
    widths = list(least)
    for _ in range(room - sum(least)):
        wanting = [place for place, width in enumerate(widths) if width < natural[place]]
        if not wanting:
            break
        widths[min(wanting, key=lambda place: (place > 0, widths[place]))] += 1
    return widths
