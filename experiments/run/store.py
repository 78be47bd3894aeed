"""The run store: one folder per run, named by its key, that appears whole or not at all.

An attempt works in a private folder under ``attempts/``. When everything is written, ``record.json`` last,
the folder is renamed to ``runs/<key>``. Renaming a folder never replaces one that holds files
(https://pubs.opengroup.org/onlinepubs/9699919799/functions/rename.html), so the first attempt to finish
publishes, and a second one compares itself with it. This needs neither locks nor clocks.

The record holds the sha256 of every file beside it, and a digest of itself, so that later damage is noticed when a file
is read.
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
"""The version of the format of ``record.json``."""

AGAIN = "Move the run's folder away and make its table again."
"""The remedy in messages about a finished run whose files have changed."""

BEST = "best.safetensors"
"""The file in a run's folder that holds every tensor of its module after the best epoch."""

PREDICTIONS = "predictions.parquet"
"""The file in a fine-tuning's folder that holds its predictions on the test split (``evaluation.prediction_table``)."""

VALIDATION_PREDICTIONS = "validation_predictions.parquet"
"""The file in a fine-tuning's folder that holds a classification's predictions on the validation split, made as those
of the test split are, so that thresholds can be chosen there. Runs of earlier versions lack it."""

WEIGHTS = "weights.safetensors"
"""The file in a pretraining's folder that holds the backbone's tensors under their canonical names."""

OWN = ("log.txt", "record.json")
"""Files of an attempt that its record does not describe."""


@dataclass(frozen=True)
class Record:
    """The record of a finished run, as stored in ``record.json``.

    Attributes:
        folder: the folder of the run's files.
        data: the whole record as plain data.
    """

    folder: Path
    data: dict[str, Any]

    @property
    def score(self) -> float | None:
        """The run's score in [0, 1] by its task's metric, or None where it is undefined."""
        return self.data["score"]  # type: ignore[no-any-return]

    def has(self, name: str) -> bool:
        """Whether the run left a file of this name, which runs of earlier versions may not have done."""
        return name in self.data.get("files", {})

    def file(self, name: str) -> Path:
        """The path of one of the run's files, after checking that its sha256 is the recorded one.

        Old records do not state the hashes of files; their files are taken as they are.

        Raises:
            RunError: if the file is gone or damaged.
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
    """An attempt at a run, in a folder of its own.

    Args:
        folder: the attempt's private folder, which is made here.
        key: the key of the run.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        folder.mkdir(parents=True)

    @property
    def log(self) -> Path:
        """The file that takes the output of the process that does the run."""
        return self.folder / "log.txt"

    def fail(self, error: str) -> None:
        """Write what went wrong into ``error.json`` beside the log."""
        write_json(self.folder / "error.json", {"error": error})


class RunStore:
    """Finished runs and attempts under one folder.

    Args:
        root: the folder of the run store; it is made when something is first written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, key: str) -> Path:
        """The folder of a finished run; it need not exist."""
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
        """The record of a run that is known to be finished; waits until this machine sees it on a network file system.

        Raises:
            RunError: if the record is not seen in time, or is damaged.
        """
        return awaited(lambda: self.record(key), self.folder(key))

    def begin(self, key: str) -> Attempt:
        """Begin a new attempt, whose folder is empty."""
        name = f"{key}.{socket.gethostname()}.{os.getpid()}.{_token()}"
        return Attempt(self.root / "attempts" / name, key)

    def taken_over(self, attempt: Attempt) -> Iterator[str]:
        """Put the checkpoints of other attempts at the same run into an attempt's folder, one at a time.

        The attempt with the most epochs comes first. When the caller asks for the next checkpoint, the last one was not
        usable and is removed again. Other attempts may still go on, here or on other machines: their files are only
        ever replaced whole, so a hard link keeps its content.

        Yields:
            The name of the attempt whose ``last.ckpt``, best weights and metrics are now in the folder.
        """
        others = [folder for folder in self.attempts(attempt.key) if folder != attempt.folder]
        for other in sorted(others, key=lambda folder: (epochs_of(folder), folder.name), reverse=True):
            # The best weights may be replaced meanwhile, so all are linked; the checkpoint states which it needs.
            names = ["last.ckpt", "metrics.jsonl", *(path.name for path in other.glob("best-*.safetensors"))]
            taken = [name for name in names if _link(other / name, attempt.folder / name)]
            if "last.ckpt" in taken:
                yield other.name
            for name in taken:
                (attempt.folder / name).unlink(missing_ok=True)

    def last_error(self, key: str) -> tuple[str, Path] | None:
        """The error of the newest failed attempt at a run, and the path of its log; None if no attempt failed."""
        failed = [folder / "error.json" for folder in self.attempts(key) if (folder / "error.json").is_file()]
        if not failed:
            return None
        newest = max(failed, key=lambda path: path.stat().st_mtime)  # wrong only if a clock jumped
        return json.loads(newest.read_text(encoding="utf-8"))["error"], newest.parent / "log.txt"

    def publish(self, attempt: Attempt, record: dict[str, Any]) -> Record:
        """Make an attempt the finished run, unless another attempt was first.

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
            # Another attempt was first, and may have removed this one. The folder that it published appears whole.
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
        """Remove the folders of an attempt at a finished run and of other attempts at it that are known to be over.

        These are attempts of ended processes of this machine, and attempts of this SLURM job before it was requeued.
        """
        for folder in self.attempts(attempt.key):
            host, pid, token = folder.name.removeprefix(f"{attempt.key}.").rsplit(".", 2)
            requeued = bool(_step()) and token.startswith(_step())
            if folder == attempt.folder or requeued or alive(f"{host} {pid}") is False:
                shutil.rmtree(folder, ignore_errors=True)


def _token() -> str:
    """The unique end of an attempt's name; inside a SLURM job it begins with the number of the job and its step."""
    return f"{_step()}{secrets.token_hex(4)}"


def _step() -> str:
    """The number of the SLURM job and its step, which stay the same when the job is requeued; empty outside of a job.

    https://slurm.schedmd.com/srun.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES
    """
    job, step = os.environ.get("SLURM_JOB_ID"), os.environ.get("SLURM_STEP_ID")
    return f"slurm-{job}-{step}-" if job and step else ""


def epochs_of(folder: Path) -> int:
    """The number of lines in an attempt's metrics: its finished epochs, perhaps one more than in its checkpoint."""
    try:
        return (folder / "metrics.jsonl").read_text(encoding="utf-8").count("\n")
    except (OSError, ValueError):
        return 0


def _link(source: Path, target: Path) -> bool:
    """Make a hard link to a file, or a copy on a file system without hard links; False if the file is gone.

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
