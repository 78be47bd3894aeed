"""Writing files whole or not at all, with an error that says so if the disk is full, and waiting for written files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from specs.errors import RunError, StorageError, UsageError
from specs.short_names import STEM, short_name

T = TypeVar("T")

PATIENCE = 90.0
"""For how many seconds a file that must be there is waited for. An NFS client believes for up to 60 s, by default,
that a name is not there (acdirmax, https://man7.org/linux/man-pages/man5/nfs.5.html)."""

FULL = (errno.ENOSPC, errno.EDQUOT)
"""The error numbers of a full disk, and of a user's exhausted quota."""


def says_disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or one of those that caused it, is that of a full disk.

    torch raises an error of its own while that of the file is handled, and safetensors has the system's number of the
    error in its message only, as Rust writes it.
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
    """Turn the error of a full disk into one that names what could not be written and says what to do.

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


def kind_of(found: os.stat_result) -> str:
    """What an entry of a folder is, in words, such as ``a file`` or ``a socket``, from its ``stat``."""
    kinds = {
        stat.S_IFREG: "a file",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe (FIFO)",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(found.st_mode), "neither file nor folder")


def no_file(path: Path) -> str | None:
    """What is there instead of an expected file, in words: reading a pipe may never begin, and a device never end.

    None: it is a file, or nothing that can be looked at; opening it says so.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return None if stat.S_ISREG(found.st_mode) else kind_of(found)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, which replaces ``path`` if the block ends without an error.

    A link stays, and what it leads to is replaced.

    Raises:
        StorageError: if the disk is full.
        UsageError: if something is there that is no file, such as a folder or a device.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file, and a file is to be written there. Move it, or name another place.")
    temporary = path.with_name(f".{short_name(path.name, STEM)}.{secrets.token_hex(4)}")
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
    """Write a text file, in UTF-8, whole or not at all."""
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
    """Wait for a file that is known to be written, perhaps by another machine, and return what ``look`` finds there.

    Args:
        look: a function that looks for the file, and returns None as long as it is not seen.
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
    """Wait for a file that is known to be written, and return its path.

    Raises:
        RunError: if it is not seen in ``PATIENCE`` seconds.
    """
    return awaited(lambda: path if path.exists() else None, path)
