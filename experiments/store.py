"""The run store: one folder per run, named by its key, that appears whole or not at all.

An attempt works in a private folder under ``attempts/``. When everything is written, ``record.json`` last,
the folder is renamed to ``runs/<key>``. Renaming a folder never replaces one that holds files
(https://pubs.opengroup.org/onlinepubs/9699919799/functions/rename.html), so the first attempt to finish
publishes, and a second one compares itself with it. Nothing rests on locks.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specs.errors import RunError
from specs.files import write_json

SCHEMA = 1
"""Version of ``record.json``."""


@dataclass(frozen=True)
class Record:
    """What a finished run left behind, as stored in ``record.json``.

    Attributes:
        folder: where its files are.
        data: the whole record as plain data.
    """

    folder: Path
    data: dict[str, Any]

    @property
    def score(self) -> float | None:
        """The run's score in [0, 1] by its task's metric, or None where it is undefined."""
        return self.data["score"]  # type: ignore[no-any-return]


class Attempt:
    """One try at a run, in a folder of its own.

    Args:
        folder: the private folder; it is made.
        key: of the run.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        folder.mkdir(parents=True)

    @property
    def log(self) -> Path:
        """Where the process that runs it writes what it prints."""
        return self.folder / "log.txt"

    def fail(self, error: str) -> None:
        """Leave a note of what went wrong beside the log."""
        write_json(self.folder / "error.json", {"error": error})


class RunStore:
    """Finished runs and attempts under one folder.

    Args:
        root: the folder; it is made when something is first written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: str) -> Path:
        """Where a finished run's files are."""
        return self.root / key

    def record(self, key: str) -> Record | None:
        """The record of a finished run, or None if it is not finished.

        Raises:
            RunError: if the record is damaged or of another schema version.
        """
        path = self.folder(key) / "record.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise RunError(
                f"{path} is damaged ({error}); expected JSON. Move its folder away and run the command again."
            ) from error
        if data.get("schema") != SCHEMA or data.get("key") != key:
            raise RunError(
                f"{path}: expected schema {SCHEMA} of run {key[:12]}, found schema {data.get('schema')} of "
                f"{str(data.get('key'))[:12]}. Use the medtransfer version that wrote it, or another --runs folder."
            )
        return Record(path.parent, data)

    def begin(self, key: str) -> Attempt:
        """A new attempt, which goes on from the checkpoint of an earlier one that did not finish, if there is one."""
        name = f"{key}.{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
        attempt = Attempt(self.root / "attempts" / name, key)
        for other in sorted(self.attempts(key), key=_checkpoint_time, reverse=True):
            if other != attempt.folder and _take_over(other, attempt.folder):
                break
        return attempt

    def last_error(self, key: str) -> tuple[str, Path] | None:
        """What went wrong in the newest failed attempt at a run and its log, or None."""
        failed = [folder / "error.json" for folder in self.attempts(key) if (folder / "error.json").is_file()]
        if not failed:
            return None
        newest = max(failed, key=lambda path: path.stat().st_mtime)
        return json.loads(newest.read_text(encoding="utf-8"))["error"], newest.parent / "log.txt"

    def publish(self, attempt: Attempt, record: dict[str, Any]) -> Record:
        """Make an attempt the finished run, unless another one was first.

        Raises:
            RunError: if another attempt was first and its predictions differ.
        """
        write_json(attempt.folder / "record.json", {"schema": SCHEMA, "key": attempt.key, **record})
        target = self.folder(attempt.key)
        try:
            os.rename(attempt.folder, target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        published = self.record(attempt.key)
        if published is None:
            raise RunError(f"{target} was expected to hold a finished run and does not. Move it away and run again.")
        if published.data["outcome"] != record["outcome"]:
            raise RunError(
                f"two attempts at run {attempt.key[:12]} gave different results: {published.data['outcome']} was "
                f"published first, {record['outcome']} came second and is kept in {attempt.folder}. The run is not "
                "deterministic on these machines."
            )
        self._clean(attempt.key)
        return published

    def attempts(self, key: str) -> Iterator[Path]:
        """The folders of a run's attempts that are not published."""
        return (self.root / "attempts").glob(f"{key}.*")

    def _clean(self, key: str) -> None:
        """Remove the attempts at a finished run whose process is on this machine and gone, or is this one."""
        for folder in self.attempts(key):
            host, pid = folder.name.removeprefix(f"{key}.").rsplit(".", 2)[:2]
            if host == socket.gethostname() and (int(pid) == os.getpid() or not _alive(int(pid))):
                shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _checkpoint_time(folder: Path) -> float:
    try:
        return (folder / "last.ckpt").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _take_over(other: Path, own: Path) -> bool:
    """Put another attempt's checkpoint and best weights into ``own``; False if it has no checkpoint.

    Both files are only ever replaced whole, so a hard link stays what it is whatever the other attempt does.
    """
    try:
        _link(other / "last.ckpt", own / "last.ckpt")
    except FileNotFoundError:
        return False
    for path in other.glob("best-*.safetensors"):
        with contextlib.suppress(FileNotFoundError):  # superseded meanwhile; the checkpoint says which one it needs
            _link(path, own / path.name)
    return True


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)
