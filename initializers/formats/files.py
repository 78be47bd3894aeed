"""Weight files on disk: whether they exist, and the hash of their bytes. It imports no torch, since plans need it."""

from __future__ import annotations

import difflib
import functools
from pathlib import Path

from initializers.formats.other_kinds import folder_words
from specs.errors import WeightsError
from specs.files import file_sha256, no_file
from specs.quoting import plain


def sha256_of(path: str | Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal; it is computed once per process unless size or time changes.

    Raises:
        WeightsError: if there is no such file, or it cannot be read.
    """
    file = existing(path).resolve()
    status = file.stat()
    try:
        return _sha256(file, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise WeightsError(f"{file} cannot be read: {error.strerror}. Look at its disk and permissions.") from error


@functools.lru_cache(maxsize=256)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    return file_sha256(path)


def existing(path: str | Path) -> Path:
    """The path of a weight file that exists.

    Raises:
        WeightsError: if it does not exist; the message has the near matches in its folder.
    """
    path = Path(path)
    try:
        if path.is_file():
            return path
        if path.is_dir():
            raise WeightsError(f"{path} {folder_words(path)}")
        names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError as error:
        raise WeightsError(f"{path} is out of reach: {error.strerror}. Check the path, and who may read it.") from error
    if odd := no_file(path):
        raise WeightsError(f"{path} is {odd}, not a weight file. Name a file.")
    if path.name in names:
        raise WeightsError(f"{path} is a link to what is not there. Name a file.")
    near = difflib.get_close_matches(path.name, names, n=3)
    hint = (
        f" Did you mean {' or '.join(map(plain, near))}?"
        if near
        else " Check the path; it is relative to the current folder."
    )
    raise WeightsError(f"there is no weight file {path}.{hint}")
