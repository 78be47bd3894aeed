"""Print the cells of a workbook as JSON: a script for a process of its own, whose memory is limited.

calamine makes an array of all cells up to the last row and column of a sheet. One stray cell in the last row and
column, as a slip of the hand leaves it, takes hundreds of gigabytes, and the failure ends the process.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterable

MOST_BYTES = 2 * 2**30
"""How many bytes of memory this process may take."""


def text(cell: object) -> str:
    """A cell as text: 1.0 is ``1``, a truth value ``TRUE`` or ``FALSE``, a day ``2026-01-31``."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def row(cells: Iterable[object]) -> list[str]:
    """The cells of a row as text, without the empty ones at its end."""
    found = [text(cell) for cell in cells]
    while found and not found[-1].strip():
        found.pop()
    return found


def main(path: str) -> None:
    """Print the rows of each sheet by its name, with empty first rows, so that row numbers are the spreadsheet's."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    found = {}
    for name in book.sheet_names:
        rows = [row(cells) for cells in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        found[name] = rows if any(rows) else []
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    try:
        import resource
    except ImportError:  # on Windows, where memory is not limited
        resource = None  # type: ignore[assignment]
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1])
