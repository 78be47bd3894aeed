"""Reading label files of comma-separated values, with errors that name file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TextIO

from specs.errors import DataError


def rows(path: Path, columns: Sequence[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Line number and the named columns' cells of every row, without surrounding spaces.

    Header names are compared without surrounding spaces, since SIIM-ACR's and IDRiD's have some.

    Raises:
        DataError: if a column is missing, a row is too short, or the file is not text.
    """
    with _opened(path) as file:
        reader = csv.reader(file, delimiter=delimiter)
        names = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in names]
        if missing:
            raise DataError(
                f'{path} has no column "{missing[0]}"; found {", ".join(names) or "an empty file"}. Expected '
                f"{', '.join(columns)}; fetch or mend the file."
            )
        places = [names.index(name) for name in columns]
        for row in reader:
            if not row:
                continue
            if len(row) <= max(places):
                raise DataError(
                    f"{path}, line {reader.line_num}: {len(row)} cells, expected at least {max(places) + 1}. "
                    "Fetch or mend the file."
                )
            yield reader.line_num, [row[place].strip() for place in places]


def header(path: Path) -> list[str]:
    """The names of a file's columns, without surrounding spaces.

    Raises:
        DataError: if the file is missing or not text.
    """
    with _opened(path) as file:
        return [name.strip() for name in next(csv.reader(file), [])]


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as comma-separated text: {error}. Fetch or mend the file.") from error
    except FileNotFoundError as error:
        raise DataError(f"the label file {path} is missing. Complete the dataset's folder.") from error


def number(cell: str, allowed: Sequence[float], path: Path, line: int, column: str) -> float:
    """A cell as one of the allowed numbers.

    Raises:
        DataError: names file, line, column and what was found.
    """
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if value not in allowed:
        numbers = ", ".join(f"{one:g}" for one in allowed)
        raise DataError(f'{path}, line {line}: {column} is "{cell}", expected one of {numbers}. Mend the file.')
    return value


def filled(cell: str, path: Path, line: int, column: str) -> str:
    """A cell that must not be empty, such as a patient's name: all empty ones would be one patient.

    Raises:
        DataError: names file, line and column.
    """
    if not cell:
        raise DataError(f"{path}, line {line}: {column} is empty. Mend the file.")
    return cell


def once(seen: set[str], name: str, path: Path, line: int) -> None:
    """Note a name that a file may hold only once.

    Raises:
        DataError: if it stood there before.
    """
    if name in seen:
        raise DataError(f"{path}, line {line}: {name} stands there twice. Keep one of the rows.")
    seen.add(name)


def inside(name: str, path: Path, line: int) -> str:
    """A file name of a label file, relative to the dataset's folder and not leaving it.

    Raises:
        DataError: if it is absolute, empty or climbs out of the folder.
    """
    pure = PurePosixPath(name.replace("\\", "/"))
    if not name or pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        raise DataError(
            f'{path}, line {line}: the path "{name}" leaves the dataset\'s folder. Expected a path relative to '
            f"{path.parent}, without `..`."
        )
    return str(pure)
