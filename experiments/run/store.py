"""The run store: one folder per run, named by its key, that appears whole or not at all.

An attempt works in a private folder under ``attempts/``. When everything is written, ``record.json`` last,
the folder is renamed to ``runs/<key>``. Renaming a folder never replaces one that holds files
(https://pubs.opengroup.org/onlinepubs/9699919799/functions/rename.html), so the first attempt to finish
publishes, and a second one compares itself with it. Nothing rests on locks, and nothing on clocks.

The record holds the sha256 of every file beside it, and a digest of itself: what is damaged later is noticed when it is
read.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.run.machine.processes import alive
from specs.errors import RunError
from specs.files import awaited, file_sha256, replacing, write_json
from specs.run import digest

SCHEMA = 1
"""Version of ``record.json``."""

AGAIN = "Move the run's folder away and make its table again."
"""What to do about a finished run that is not as it was."""

BEST = "best.safetensors"
"""In a run's folder: every tensor of its module after the best epoch."""

PREDICTIONS = "predictions.parquet"
"""In a fine-tuning's folder: what it predicted of the test split, as ``evaluation.prediction_table`` holds it."""

WEIGHTS = "weights.safetensors"
"""In a pretraining run's folder: the backbone's tensors under their canonical names."""

OWN = ("log.txt", "record.json")
"""Files of an attempt that its record does not describe."""


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

    def file(self, name: str) -> Path:
        """One of the run's files, whose bytes are what they were when the run was published.

        A record from before files were described says nothing of them, and they are taken as they are.

        Raises:
            RunError: if it is gone or damaged.
        """
        path = self.folder / name
        stated = self.data.get("files", {name: None}).get(name, "none")
        try:
            found = file_sha256(path)
        except OSError as error:
            raise RunError(f"{path} cannot be read ({error}), and the run left it there. {AGAIN}") from error
        if stated not in (None, found):
            raise RunError(f"{path} is damaged: its sha256 is {found}, and its record says {stated}. {AGAIN}")
        return path


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
            if not isinstance(data, dict):
                raise ValueError("it holds no record")
            if "digest" in data and data["digest"] != digest(data | {"digest": None}):
                raise ValueError("its bytes are not those that were written")
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise RunError(f"{path} is damaged ({error}). {AGAIN}") from error
        if data.get("schema") != SCHEMA or data.get("key") != key:
            raise RunError(
                f"{path}: expected schema {SCHEMA} of run {key[:12]}, found schema {data.get('schema')} of "
                f"{str(data.get('key'))[:12]}. Use the medtransfer version that wrote it, or another --runs folder."
            )
        return Record(path.parent, data)

    def published(self, key: str) -> Record:
        """The record of a run that is known to be finished, as soon as this machine sees it.

        Raises:
            RunError: if it does not come in sight, or is damaged.
        """
        return awaited(lambda: self.record(key), self.folder(key))

    def begin(self, key: str) -> Attempt:
        """A new attempt, whose folder is empty."""
        name = f"{key}.{socket.gethostname()}.{os.getpid()}.{_token()}"
        return Attempt(self.root / "attempts" / name, key)

    def taken_over(self, attempt: Attempt) -> Iterator[str]:
        """Put the checkpoints of other attempts at the same run into an attempt's folder, one at a time.

        The one that is furthest comes first, by its epochs and not by a clock. Whoever asks for the next one cannot use
        the last, which goes away again. The others may still be worked on, here or elsewhere: their files are only ever
        replaced whole, so a hard link stays what it is.

        Yields:
            The name of the attempt whose ``last.ckpt``, best weights and metrics are now in the folder.
        """
        others = [folder for folder in self.attempts(attempt.key) if folder != attempt.folder]
        for other in sorted(others, key=lambda folder: (epochs_of(folder), folder.name), reverse=True):
            # The best weights may be superseded meanwhile; the checkpoint says which ones it needs.
            names = ["last.ckpt", "metrics.jsonl", *(path.name for path in other.glob("best-*.safetensors"))]
            taken = [name for name in names if _link(other / name, attempt.folder / name)]
            if "last.ckpt" in taken:
                yield other.name
            for name in taken:
                (attempt.folder / name).unlink(missing_ok=True)

    def last_error(self, key: str) -> tuple[str, Path] | None:
        """What went wrong in the newest failed attempt at a run and its log, or None."""
        failed = [folder / "error.json" for folder in self.attempts(key) if (folder / "error.json").is_file()]
        if not failed:
            return None
        newest = max(failed, key=lambda path: path.stat().st_mtime)  # a clock that jumped may show an older one
        return json.loads(newest.read_text(encoding="utf-8"))["error"], newest.parent / "log.txt"

    def publish(self, attempt: Attempt, record: dict[str, Any]) -> Record:
        """Make an attempt the finished run, unless another one was first.

        Raises:
            RunError: if another attempt was first and its predictions differ.
        """
        target = self.folder(attempt.key)
        try:
            files = [path for path in sorted(attempt.folder.iterdir()) if path.name not in OWN]
            described = {path.name: file_sha256(path) for path in files}
            data = {"schema": SCHEMA, "key": attempt.key, **record, "files": described, "digest": None}
            write_json(attempt.folder / "record.json", data | {"digest": digest(data)})
            os.rename(attempt.folder, target)
        except OSError as error:
            # Another attempt was first, and may have cleared this one away. What it published comes in sight whole.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise
            names = awaited(lambda: (target.exists() and list(target.iterdir())) or None, target)
            if target / "record.json" not in names:
                raise RunError(
                    f"{target} is in the way: it holds no finished run. Move it away and run again."
                ) from error
        published = self.published(attempt.key)
        if published.data["outcome"] != record["outcome"]:
            raise RunError(
                f"two attempts at run {attempt.key[:12]} gave different results: {published.data['outcome']} was "
                f"published first, {record['outcome']} came second and is kept in {attempt.folder}. The run is not "
                "deterministic on these machines."
            )
        self._clean(attempt)
        return published

    def attempts(self, key: str) -> Iterator[Path]:
        """The folders of a run's attempts that are not published."""
        return (self.root / "attempts").glob(f"{key}.*")

    def _clean(self, attempt: Attempt) -> None:
        """Remove what is left of an attempt at a finished run, and of others that are known to be over.

        Those are the ones whose process was on this machine, and those of this job before it was queued again.
        """
        for folder in self.attempts(attempt.key):
            host, pid, token = folder.name.removeprefix(f"{attempt.key}.").rsplit(".", 2)
            requeued = bool(_step()) and token.startswith(_step())
            if folder == attempt.folder or requeued or alive(f"{host} {pid}") is False:
                shutil.rmtree(folder, ignore_errors=True)


def _token() -> str:
    """The end of an attempt's name, which no other one has; it begins with the step of a SLURM job, if this is one."""
    return f"{_step()}{secrets.token_hex(4)}"


def _step() -> str:
    """A step of a SLURM job, by numbers that it keeps when the job is queued again; empty outside of one.

    https://slurm.schedmd.com/srun.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES
    """
    job, step = os.environ.get("SLURM_JOB_ID"), os.environ.get("SLURM_STEP_ID")
    return f"slurm-{job}-{step}-" if job and step else ""


def epochs_of(folder: Path) -> int:
    """How many epochs an attempt has finished, by its metrics; one more than its checkpoint if it was just ended."""
    try:
        return (folder / "metrics.jsonl").read_text(encoding="utf-8").count("\n")
    except (OSError, ValueError):
        return 0


def _link(source: Path, target: Path) -> bool:
    """Give a file a second name, or on a file system without hard links a copy; False if it is gone.

    Raises:
        StorageError: if a copy finds the disk full.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:
        return False
    except OSError:
        with suppress(FileNotFoundError), replacing(target) as temporary:
            shutil.copyfile(source, temporary)
        return target.exists()
    return True
