"""Reading a list of images: a name a line, or a column of a table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from datamodules.files.tables import LOOKED_AT, SEPARATORS, opened_table, rows
from datamodules.files.texts import opened_text, words
from datamodules.files.workbooks import is_workbook
from datamodules.listed.matching import ENDINGS
from specs.errors import DataError
from specs.quoting import names

ENDING = re.compile(
    rf"(?:{ENDINGS})(?=[\s{re.escape(''.join(SEPARATORS))}]|$)",
    re.IGNORECASE,
)
"""The ending of the name of an image or a volume, with the end of the name behind it."""

SURE = 0.9
"""The least share of the cells of a column that end as images do, where it is taken for the names of images."""


def names_in(path: Path, column: str | None = None) -> Iterator[str]:
    """The names of images in a list, in order, as they are written.

    Without a column the file is a list of a name a line, with or without labels behind the names, or a table of which
    one column holds names that end as those of image files do.

    Args:
        path: the file of the list: text, or a table, also as a workbook.
        column: the name of the column that holds the names; None finds it.

    Raises:
        DataError: if the file is missing, damaged or empty, or it does not tell which column holds names.
    """
    if column is None and (is_workbook(path) or _has_header(path)):
        column = _column_of_names(path)
    if column is not None:
        yield from (cell for _, (cell,) in rows(path, (column,)) if cell)
        return
    lines = (text for _, text in words(path))
    first = list(itertools.islice(lines, LOOKED_AT))
    if len(first) > 1 and not ENDING.search(first[0]) and all(map(ENDING.search, first[1:])):
        del first[0]  # the name of the only column
    yield from map(_name_in, itertools.chain(first, lines))


def _name_in(line: str) -> str:
    """The name at the beginning of a line: up to the ending of an image, or all of a line that has none."""
    found = ENDING.search(line)
    return line[: found.end()] if found else line


def _has_header(path: Path) -> bool:
    """Whether a text file is a table whose first line names its columns.

    Raises:
        DataError: if there is nothing in it.
    """
    with opened_text(path) as file:
        first = next((line for line in file if line.strip()), "").strip()
    if not first:
        raise DataError(f"{path} is empty; expected names of images, one a line, or a table with a column of them.")
    return any(sign in first for sign in SEPARATORS) and not ENDING.search(first)


def _column_of_names(path: Path) -> str:
    """The one column of a table that holds names of images, by how its first cells end.

    Raises:
        DataError: if there is none, or several; it names the columns.
    """
    with opened_table(path) as table:
        columns = table.columns
        first = [row for _, row in itertools.islice(table.lines, LOOKED_AT)]
    found = [name for place, name in enumerate(columns) if _holds_names([row[place : place + 1] for row in first])]
    if len(found) == 1:
        return found[0]
    what = f"the columns {names(found)} all do" if found else "none does"
    raise DataError(
        f"{path}: expected one column whose cells end as the names of images do, such as .png or .dcm, and {what}. "
        f"Say which one holds them: --column, one of {names(columns)}."
    )


def _holds_names(cells: Sequence[Sequence[str]]) -> bool:
    filled = [cell.strip() for one in cells for cell in one if cell.strip()]
    return bool(filled) and sum(ENDING.search(cell) is not None for cell in filled) >= SURE * len(filled)
