"""The record of files that were fetched into a dataset's folder, and a lock against fetching to it twice at once."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from specs.errors import DataError

RECORD = "FETCHED.json"
"""The file in a dataset's folder that records the fetched files: addresses, licences and digests."""


def records(root: Path) -> dict[str, dict[str, Any]]:
    """The entries of the record in a dataset's folder, by the names of the fetched files; empty if there is none.

    Raises:
        DataError: if the record is damaged.
    """
    path = root / RECORD
    if not path.is_file():
        return {}
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(entry["sha256"], str) for entry in records.values()):
            raise TypeError("a sha256 is no text")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{path} is not a record of fetched files ({error}). Delete it.") from error
    found: dict[str, dict[str, Any]] = records
    return found


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep other processes from fetching to the same folder at the same time.

    Raises:
        DataError: if another process is fetching to it.
    """
    folder = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(f"another process is fetching to {root}. Wait for it.") from error
        yield
    finally:
        os.close(folder)
