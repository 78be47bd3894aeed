"""Files: written whole or not at all, a full disk said, and waited for where they are known to be there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from specs.errors import RunError, StorageError

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds for which a file that must be there is waited for. An NFS client believes for up to 60 s, by default, that a
name is not there (acdirmax, https://man7.org/linux/man-pages/man5/nfs.5.html)."""

FULL = (errno.ENOSPC, errno.EDQUOT)
"""No space on the disk, or no more of it for this user."""


def says_disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came of, is that of a full disk.

    torch raises an error of its own while that of the file is handled, and safetensors tells the system's number in
    words only, as Rust does.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if any(f"(os error {number})" in str(error) for number in FULL):
            return True
        error = error.__cause__ or error.__context__
    return False


def disk_is_full(what: Path | str) -> StorageError:
    """The error that names what could not be written, and says what to do."""
    return StorageError(
        f"{what} could not be written: its disk is full, or your share of it. What was there before is untouched. "
        "Free some space, or name a folder on another disk (--runs, --cache, --weights or --output; of a run store "
        "move what is there), then give the same command again: it goes on where this one stopped."
    )


@contextmanager
def filling(path: Path) -> Iterator[None]:
    """Say of a full disk what could not be written and what to do.

    Args:
        path: the file or folder that the block writes.

    Raises:
        StorageError: in place of the error of a full disk.
    """
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        if not says_disk_is_full(error):
            raise
        raise disk_is_full(path) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; it takes the place of ``path`` if the block ends well.

    Raises:
        StorageError: if the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with filling(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, data: Any) -> None:
    """Write plain data as readable JSON; NaN is refused, since it is not JSON."""
    write_text(path, json.dumps(data, indent=1, allow_nan=False) + "\n")


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def awaited(look: Callable[[], T | None], path: Path) -> T:
    """What is found of a file that is known to be written, perhaps by another machine, as soon as this one sees it.

    Args:
        look: gives None while it is not seen.
        path: the file or folder; its own folder is listed between looks, which makes a network file system ask anew.

    Raises:
        RunError: if it is not seen in ``PATIENCE`` seconds.
    """
    deadline, pause = time.monotonic() + PATIENCE, 0.02
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise RunError(
                f"{path} was written, and has not come in sight here for {PATIENCE:.0f} s. If it is on a network file "
                "system, look whether all machines mount the same one; then give the same command again."
            )
        with suppress(OSError):
            list(path.parent.iterdir())
        time.sleep(pause)
        pause = min(2 * pause, 2.0)
    return found


def awaited_file(path: Path) -> Path:
    """A file that is known to be written, as soon as it is seen.

    Raises:
        RunError: if it is not seen in ``PATIENCE`` seconds.
    """
    return awaited(lambda: path if path.exists() else None, path)
