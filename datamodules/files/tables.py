"""Reading tables, as text with separators or as a workbook, with errors that name file, line and column.

Cells may be separated by commas, semicolons, tabs or bars, which the names of the columns tell. Nothing of a damaged
table is taken: a quote that is not closed, a column that is there twice or a name with a NUL byte is an error, since
what would be read is not what was meant.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datamodules.files.kinds import seems
from datamodules.files.texts import MEND, opened_text
from datamodules.files.workbooks import is_workbook, sheet_rows
from specs.errors import DataError
from specs.quoting import names

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""The characters that may separate cells, with their names, in the order in which they are looked for."""

BLANK = "\ufeff \t\r\n"
"""Characters that may stand before the names of columns: a second byte order mark, and spaces."""

LOOKED_AT = 50
"""From how many lines the separator is told."""

STATED = re.compile(r"sep=(.)[\r\n]*$")
"""A first line that tells Excel the separator; it is no row of the table."""


@dataclass(frozen=True)
class Form:
    """How tables are read where they do not say it themselves.

    Attributes:
        encoding: the encoding of a text file, such as ``cp1252``; None: UTF-8, or what the file's first bytes declare.
        sheet: the name of the sheet of a workbook; None: the only sheet that has cells.
    """

    encoding: str | None = None
    sheet: str | None = None


OWN = Form()
"""The form of tables whose files tell encoding and sheet themselves."""


@dataclass(frozen=True)
class Table:
    """A table that is being read.

    Attributes:
        path: the path of the table's file.
        columns: the names of the columns, in order, without surrounding spaces.
        lines: the line number and the cells of each row that is not blank; it can be read once.
        separator: the character that separates cells; empty for a workbook.
    """

    path: Path
    columns: list[str]
    lines: Iterator[tuple[int, list[str]]]
    separator: str


def rows(path: Path, columns: Sequence[str], form: Form = OWN) -> Iterator[tuple[int, list[str]]]:
    """The line number and the cells of the named columns, without surrounding spaces, of every row that is not blank.

    Header names are compared without surrounding spaces, since SIIM-ACR's and IDRiD's have some.

    Raises:
        DataError: if a column is missing or there twice, a row is too short, or the file is not text.
    """
    with opened_table(path, form, columns) as table:
        places = _places(path, table.columns, columns)
        for line, row in table.lines:
            if len(row) <= max(places):
                if not any(cell.strip() for cell in row):
                    continue
                raise DataError(f"{path}, line {line}: {len(row)} cells, expected at least {max(places) + 1}. {MEND}")
            cells = [row[place].strip() for place in places]
            if any("\0" in cell for cell in cells):
                raise DataError(f"{path}, line {line}: it holds a NUL byte, expected text. {MEND}")
            if any(cells) or any(cell.strip() for cell in row):
                yield line, cells


def header(path: Path, form: Form = OWN) -> list[str]:
    """The names of a table's columns, without surrounding spaces.

    Raises:
        DataError: if the file is missing or not text.
    """
    with opened_table(path, form) as table:
        return table.columns


@contextmanager
def opened_table(path: Path, form: Form = OWN, wanted: Sequence[str] = ()) -> Iterator[Table]:
    """Open a table for reading; its rows are given as they stand in the file.

    Args:
        path: the path of the table.
        form: the encoding or the sheet, where the file itself does not say it.
        wanted: the names of columns that are wanted, by which the separator is told.

    Raises:
        DataError: if the file is missing, damaged or no table.
    """
    if is_workbook(path):
        numbered = enumerate(sheet_rows(path, form.sheet), start=1)
        top_row = next((row for _, row in numbered if row), [])
        width = len(top_row)
        padded = ((line, [*row, *[""] * (width - len(row))]) for line, row in numbered)
        yield Table(path, [cell.strip() for cell in top_row], padded, "")
        return
    with opened_text(path, form.encoding) as file:
        begin = list(itertools.islice(file, LOOKED_AT))
        above = next((place for place, line in enumerate(begin) if line.strip(BLANK)), 0)
        top = begin[above].lstrip(BLANK) if begin else ""
        stated = STATED.match(top)
        shown = begin[above + 1 :] if stated else [top, *begin[above + 1 :]]
        above += stated is not None
        separator = stated.group(1) if stated else _separator(path, shown, wanted)
        lines = _without_spaces(itertools.chain(shown, file), separator)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        read = ((reader.line_num + above, row) for row in _read(reader, path) if row)
        head = next((row for _, row in read if "".join(row).strip()), [])
        yield Table(path, _named(path, [name.strip() for name in head]), read, separator)


def _named(path: Path, columns: list[str]) -> list[str]:
    """The names of the columns, if they are names of columns.

    Raises:
        DataError: if the file seems to be no table at all.
    """
    nul = any("\0" in name for name in columns)
    if (nul or len(columns) <= 1) and (known := seems(path)):
        what, remedy = known
        raise DataError(f"{path} is {what}; expected a table of comma-separated values. {remedy}")
    if nul:
        raise DataError(
            f"{path}, line 1: it holds NUL bytes, as text in UTF-16 or another kind of file does; expected a table of "
            "comma-separated values in UTF-8. Save it so (spreadsheets call it CSV UTF-8)."
        )
    return columns


def _separator(path: Path, lines: Sequence[str], wanted: Sequence[str]) -> str:
    """The character that separates cells: of those that divide the first row, the one that gives the wanted columns.

    Raises:
        DataError: if two of them divide the table alike well.
    """
    heads = {mark: _divided(lines, mark) for mark in SEPARATORS}
    dividing = [mark for mark, found in heads.items() if found and len(found[0]) > 1]
    if wanted and (fitting := [mark for mark in dividing if set(wanted) <= {name.strip() for name in heads[mark][0]}]):
        return fitting[0]
    if len(dividing) > 1:
        even = [mark for mark in dividing if len({len(row) for row in heads[mark]}) == 1]
        if len(even) != 1:
            marks = " or ".join(SEPARATORS[mark] for mark in even or dividing)
            raise DataError(f"{path}: its cells may be separated by {marks}. Save it with one of them alone.")
        return even[0]
    return dividing[0] if dividing else ","


def _divided(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The rows of the first lines by a separator, without a last row that may be cut off."""
    found: list[list[str]] = []
    try:
        found.extend(
            row for row in csv.reader(_without_spaces(lines, separator), delimiter=separator) if "".join(row).strip()
        )
    except csv.Error:
        return found
    return found[:-1] if len(lines) == LOOKED_AT and len(found) > 1 else found


def _without_spaces(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Lines without the spaces that some tables have behind quoted cells, which the strict CSV reader refuses."""
    blanks = "[ ]" if delimiter == "\t" else r"[ \t]"
    behind = re.compile(rf'(?<!")"{blanks}+(?={re.escape(delimiter)}|\r|\n|$)')
    return (behind.sub('"', line) if '"' in line else line for line in lines)


def _read(reader: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    """The rows that a CSV reader gives, with its errors turned into those of this project.

    Raises:
        DataError: names the line up to which a row cannot be told from the next one.
    """
    try:
        yield from reader
    except csv.Error as error:
        raise DataError(
            f"{path}, line {getattr(reader, 'line_num', 0)}: {error}, so that cells cannot be told apart; a quotation "
            f"mark may be missing. {MEND}"
        ) from error


def _places(path: Path, found: Sequence[str], columns: Sequence[str]) -> list[int]:
    """The positions of the named columns in a row.

    Raises:
        DataError: if one of them is missing, or there twice.
    """
    for name in columns:
        if name not in found:
            expected = ", ".join(columns)
            raise DataError(f"{no_column(path, name, found)} Expected {expected}; fetch or mend the file.")
        if (count := found.count(name)) > 1:
            raise DataError(f'{path} has {count} columns called "{name}", expected one. Remove or rename the others.')
    return [found.index(name) for name in columns]


def no_column(path: Path, name: str, found: Sequence[str]) -> str:
    """A sentence on a column that is not there, with what is there."""
    return f'{path} has no column "{name}"; found {names(found)}.'
