"""Weight files as files: whether they are there, and the hash of their bytes. Light, since plans need the hashes."""

from __future__ import annotations

import difflib
import functools
from pathlib import Path

from specs.errors import WeightsError
from specs.files import file_sha256


def sha256_of(path: str | Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal; read once per process unless size or time changes.

    Raises:
        WeightsError: if there is no such file.
    """
    file = existing(path).resolve()
    status = file.stat()
    return _sha256(file, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    return file_sha256(path)


def existing(path: str | Path) -> Path:
    """The path of a weight file that is there.

    Raises:
        WeightsError: if it is not, with the near matches in its folder.
    """
    path = Path(path)
    if path.is_file():
        return path
    if path.is_dir():
        raise WeightsError(f"{path} is a folder, not a weight file. Name the file in it.")
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else " Check the path; it is relative to the current folder."
    raise WeightsError(f"there is no weight file {path}.{hint}")
