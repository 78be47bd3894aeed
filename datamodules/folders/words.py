"""What the cells of a label column say: by words that somebody named for it, and by numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from datamodules.labels.label_files import number
from specs.errors import DataError
from specs.quoting import names, plain

BETWEEN = re.compile(r"\s*[|;,]\s*")
"""The separators of names in a cell that lists several."""


@dataclass(frozen=True)
class Words:
    """Words by which the cells of a table label an image.

    Attributes:
        positive: the words that say that a class is there, beside 1.
        negative: the words that say that a class is not there, beside 0; in a column of class names, those that say
            that none of the classes is there.
        unlabelled: the words that say that an image is not labelled for a class.
    """

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()

    def answer(self, cell: str, table: Path, line: int, column: str, blank: bool = False) -> float:
        """What a cell says of a class: 1 (there), 0 (not there) or NaN (not labelled).

        Args:
            cell: the text of a cell in the column of one class.
            table: the path of the table, for messages.
            line: the number of the line in the table, for messages.
            column: the name of the column, for messages.
            blank: whether an empty cell means that the image is not labelled; else it is an error.

        Raises:
            DataError: if the cell says something else.
        """
        if cell in self.positive:
            return 1.0
        if cell in self.negative:
            return 0.0
        if cell in self.unlabelled or (not cell and blank):
            return math.nan
        return number(cell, (0.0, 1.0), table, line, column)

    def chosen(self, cell: str, classes: tuple[str, ...], table: Path, line: int, column: str) -> int:
        """The number of the class that a cell names.

        Raises:
            DataError: if it names none.
        """
        if cell not in classes:
            raise _no_class(cell, classes, table, line, column)
        return classes.index(cell)

    def listed(self, cell: str, classes: tuple[str, ...], table: Path, line: int, column: str) -> set[int]:
        """The numbers of the classes that a cell lists; none where it is empty, or has a word for no class.

        Raises:
            DataError: if it names something else.
        """
        found = set()
        for name in [cell] if cell in classes else BETWEEN.split(cell):
            if name in classes:
                found.add(classes.index(name))
            elif name and name not in self.negative:
                raise _no_class(name, (*classes, *self.negative), table, line, column)
        return found


def _no_class(cell: str, expected: tuple[str, ...], table: Path, line: int, column: str) -> DataError:
    return DataError(
        f'{table}, line {line}: {column} is "{plain(cell)}", expected one of {names(expected, 20)}. Mend the cell, or '
        "name every class."
    )
