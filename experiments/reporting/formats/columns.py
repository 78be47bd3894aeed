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
"""The number of characters between two columns: a vertical line with a space on either side."""

LEAST_NAME = 24
"""The least width in characters of the names of lines, where they are that long."""

LONGEST_WORD = 16
"""The largest length in characters of a word of a heading; longer ones are broken if the numbers below are narrower."""


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    Attributes:
        heading: the heading above the column, whose lines and words may be wrapped.
        cells: the texts of the column, one for each line of the table.
    """

    heading: Text
    cells: Sequence[Text]

    @property
    def natural(self) -> int:
        """The width in characters that the column takes where there is room."""
        return max(cell_len(line) for text in (self.heading, *self.cells) for line in text.plain.split("\n"))

    @property
    def least(self) -> int:
        """The least width in characters, below which a number would be cut."""
        words = [min(cell_len(word), LONGEST_WORD) for word in self.heading.plain.split()]
        return max([1, *words, *(cell_len(cell.plain) for cell in self.cells)])


def print_columns(console: Console, corner: str, names: Sequence[str], columns: Sequence[NumberColumn]) -> None:
    """Print a table of numbers, in as many parts as the console's width asks for.

    Args:
        console: the console to print on.
        corner: the heading above the names.
        names: the names of the lines.
        columns: the columns, each with as many cells as there are names.
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
    """Parts of the columns that fit side by side into a width in characters, each with one column or more."""
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
    """The widths of columns in characters, where the least widths are widened as far as there is room.

    The first column is widened to its natural width first, then the narrowest ones.

    Args:
        room: the number of characters that all columns together may take.
        natural: the width of each column where there is room.
        least: the least width of each column.
    """
    widths = list(least)
    for _ in range(room - sum(least)):
        wanting = [place for place, width in enumerate(widths) if width < natural[place]]
        if not wanting:
            break
        widths[min(wanting, key=lambda place: (place > 0, widths[place]))] += 1
    return widths
