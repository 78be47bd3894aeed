"""Cells of label files: numbers, names and paths, with errors that name file, line and column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from datamodules.files.names import DRIVE
from specs.errors import DataError
from specs.quoting import plain

PLAIN = re.compile(r"[^/\\:.][^/\\:]*(/[^/\\:.][^/\\:]*)*")
"""Paths under a folder that are harmless by their characters alone, as most are; others are looked at more closely."""

DECIMAL = re.compile(r"([-+]?\d*),(\d+)$")
"""The form of a number with a decimal comma."""

LONGEST_NAME = 255
"""How many bytes a file's name may have (NAME_MAX of Linux's and macOS's file systems)."""

UNKNOWN = frozenset(("nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nat"))
"""Words that programs write for a missing value (pandas.read_csv, R's write.csv), in small letters."""


def number(cell: str, allowed: Sequence[float], path: Path, line: int, column: str) -> float:
    """The number in a cell, which must be one of the allowed ones; it may have a decimal comma.

    Raises:
        DataError: names file, line, column and what was found.
    """
    try:
        value = float(DECIMAL.sub(r"\1.\2", cell))
    except ValueError:
        value = float("nan")
    if value not in allowed:
        numbers = ", ".join(f"{one:g}" for one in allowed)
        raise DataError(f'{path}, line {line}: {column} is "{plain(cell)}", expected one of {numbers}. Mend the file.')
    return value


def filled(cell: str, path: Path, line: int, column: str) -> str:
    """The text of a cell that must not be empty, such as a patient's id: all empty ones would be one patient.

    Raises:
        DataError: names file, line and column.
    """
    if not cell:
        raise DataError(f"{path}, line {line}: {column} is empty. Mend the file.")
    return cell


class Patients:
    """Checks that tables spell each patient in one way, since two spellings might get into two splits."""

    def __init__(self) -> None:
        self._spelled = dict[str, str]()

    def known(self, cell: str, path: Path, line: int, column: str) -> str:
        """The patient that a row names.

        Raises:
            DataError: if the cell is empty or says that it is not known, since all of these would be one patient; or if
                the same patient was spelled otherwise before.
        """
        if not cell or cell.lower() in UNKNOWN:
            said = f'is "{plain(cell)}", which seems to say that it is not known' if cell else "is empty"
            raise DataError(f"{path}, line {line}: {column} {said}. Fill the column, or do not name it.")
        whole = "".join(one for one in unicodedata.normalize("NFC", cell) if unicodedata.category(one) != "Cf")
        if (first := self._spelled.setdefault(re.sub(r"^(\d+)\.0+$", r"\1", whole), cell)) != cell:
            raise DataError(
                f"{path}, line {line}: {column} is {cell!a}, and {first!a} before, which seem to be the same. Spell "
                "each patient in one way."
            )
        return cell


def once(seen: set[str], name: str, path: Path, line: int) -> None:
    """Add a name to those that a file has had, each of which it may have only once.

    Raises:
        DataError: if it stood there before.
    """
    if name in seen:
        raise DataError(f"{path}, line {line}: {plain(name)} stands there twice. Keep one of the rows.")
    seen.add(name)


def inside(name: str, path: Path, line: int) -> str:
    """The path of a file that a label file names, relative to the dataset's folder and not outside of it.

    Raises:
        DataError: if it is absolute, empty or climbs out of the folder.
    """
    if len(name) <= LONGEST_NAME and name.isascii() and PLAIN.fullmatch(name):
        return name
    pure = PurePosixPath(name.replace("\\", "/"))
    if not pure.parts:
        raise DataError(f'{path}, line {line}: "{plain(name)}" names no file. Mend or remove the row.')
    if pure.is_absolute() or ".." in pure.parts or DRIVE.match(pure.parts[0]) or "://" in name:
        raise DataError(
            f'{path}, line {line}: the path "{plain(name)}" leaves the dataset\'s folder. Expected a path relative to '
            f"{path.parent}, without `..`."
        )
    if any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in pure.parts):
        raise DataError(
            f'{path}, line {line}: "{plain(name)}" names no file: names of files have at most {LONGEST_NAME} bytes. '
            "Mend or remove the row; a quotation mark may be missing."
        )
    return str(pure)
