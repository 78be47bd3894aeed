"""A journal of results that survives a kill: one JSON object per line, appended as it comes and read by a later start.

Only the standard library is imported, since the processes that try mutants must not have the product in memory.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def append(file: Path, entry: Entry) -> None:
    """Append an entry to a file, on a line of its own even where a kill cut the line before short."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(size - 1, 0))
        whole = size == 0 or opened.read(1) == b"\n"
        opened.write((b"" if whole else b"\n") + json.dumps(entry).encode() + b"\n")


def entries(file: Path) -> list[Entry]:
    """The entries of a file in their order, none if it does not exist; a line that a kill cut short is left out."""
    if not file.is_file():
        return []
    read = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            read.append(entry)
    return read
