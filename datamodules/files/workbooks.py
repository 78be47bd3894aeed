"""Reading workbooks of spreadsheet programs (Excel, LibreOffice): a sheet as rows of text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from datamodules.files import workbook_cells
from specs.errors import DataError
from specs.files import no_file
from specs.quoting import names, plain

SECONDS = 120
"""How many seconds reading a workbook may take; one of a million rows takes about 20."""

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""The first bytes of workbooks: ``.xlsx``, ``.xlsm`` and ``.ods`` as zip files, ``.xls`` as OLE2 files."""

Rows = list[list[str]]


def is_workbook(path: Path) -> bool:
    """Whether a file begins as workbooks do, whatever it is called."""
    if no_file(path):
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) in (ZIP, OLE)
    except (OSError, ValueError):
        return False


def sheets(path: Path) -> list[str]:
    """The names of a workbook's sheets that have cells.

    Raises:
        DataError: if it cannot be read.
    """
    return [name for name, cells in _all_sheets(path).items() if cells]


def sheet_rows(path: Path, sheet: str | None) -> Rows:
    """The rows of a sheet as text, each up to its last cell that is not empty.

    1.0 is ``1``, a truth value ``TRUE`` or ``FALSE``, a day ``2026-01-31``.

    Args:
        path: the path of the workbook.
        sheet: the name of the sheet; None: the only one that has cells.

    Raises:
        DataError: if the workbook cannot be read, or it is not said which of several sheets is meant.
    """
    book = _all_sheets(path)
    if sheet is not None:
        if sheet not in book:
            raise DataError(f'{path} has no sheet "{plain(sheet)}"; found {names(book)}. Name one of them.')
        return book[sheet]
    filled = [name for name, cells in book.items() if cells]
    if len(filled) > 1:
        raise DataError(f"{path} has several sheets with cells: {names(filled)}. Say which is meant, such as sheet=...")
    return book[filled[0]] if filled else []


def _all_sheets(path: Path) -> Mapping[str, Rows]:
    try:
        state = path.stat()
    except OSError as error:
        raise DataError(f"{path} was there a moment ago: {error.strerror}. Put the workbook back.") from error
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _read(path: Path, changed: int, size: int) -> Mapping[str, Rows]:
    """The cells of all sheets, read once as long as the file does not change."""
    command = [sys.executable, "-I", workbook_cells.__file__, str(path)]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{path} was not read within {SECONDS} seconds. {_STRAY}") from error
    if ended.returncode == 0:
        found: dict[str, Rows] = json.loads(ended.stdout)
        return found
    said = ended.stderr.decode(errors="replace").strip()
    if ended.returncode < 0 or "MemoryError" in said or "memory allocation" in said or "capacity overflow" in said:
        raise DataError(f"{path} takes more than {workbook_cells.MOST_BYTES / 2**30:g} GiB of memory to read. {_STRAY}")
    raise DataError(
        f"{path} begins as a workbook or a zip archive and cannot be read as a workbook: "
        f"{plain(said.splitlines()[-1] if said else 'no reason was given', 200)}. Save it again, or as CSV; unpack an "
        "archive."
    )


_STRAY = "A cell far behind the others makes a sheet as large as that; delete such cells, or save it as CSV."
