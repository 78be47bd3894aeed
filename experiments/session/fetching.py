"""Fetching the files of a dataset that its publishers give to everyone, into the folder where it is looked for."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from datamodules.dataset.contract import Dataset
from datamodules.dataset.open_file import OpenFile
from datamodules.files.archives import unpack
from experiments.run.places import Places
from experiments.session.announcing import announcing
from experiments.session.collecting import collect
from experiments.session.context import Say, StepsCallback
from experiments.session.fetch_records import RECORD, alone, records
from initializers.publishing.fetching import Report, fetch
from specs.errors import DataError, StorageError
from specs.expression import Call
from specs.files import write_json
from specs.registry import DATASETS

BLOCK = 2**20


@dataclass(frozen=True)
class FetchedFile:
    """A published file of a dataset, and where it is now.

    Attributes:
        name: as published.
        url: where it is published.
        licence: its terms.
        path: where it is: the file itself, or the folder that it was unpacked to.
        state: ``to fetch``, ``fetched`` just now, or ``there`` already.
        published_md5: as its publishers state it; None where they state none.
        sha256: of the file as it came, or of the lines ``sha256  path`` of a folder of single files; None if it has not
            come, or came by other means and is a folder.
    """

    name: str
    url: str
    licence: str
    path: Path
    state: Literal["to fetch", "fetched", "there"]
    published_md5: str | None
    sha256: str | None


@dataclass(frozen=True)
class Fetched:
    """The files of a dataset.

    Attributes:
        dataset: its expression.
        root: its folder.
        page: where it is published.
        files: the published files; none where the dataset must be fetched by hand and is there.
    """

    dataset: str
    root: Path
    page: str
    files: tuple[FetchedFile, ...]


def fetched(dataset: str | Call, paths: Places, progress: StepsCallback, say: Say) -> Fetched:
    """Fetch what is missing of a dataset's files.

    Raises:
        DataError: if it must be fetched by hand, cannot be fetched, is not what its publishers published, or if other
            files stand in its place or the folder cannot be written.
        StorageError: if the disk has no room for it.
    """
    call, built, root = _known(dataset, paths)
    if not built.open_files:
        return _by_hand(call, built, root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with alone(root):
            files = tuple(_Fetching(built, root, file, progress, say).done() for file in built.open_files)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise DataError(f"{root} cannot be written ({error}). Give another --data-root.") from error
    finally:
        with suppress(OSError):
            root.rmdir()  # which takes an empty folder only, of which nothing came
    return Fetched(str(DATASETS.short(call)), root, built.homepage, files)


def planned_fetch(dataset: str | Call, paths: Places) -> Fetched:
    """What ``fetched`` would do; nothing is fetched or written.

    Raises:
        DataError: if it must be fetched by hand, or other files stand in its place.
    """
    call, built, root = _known(dataset, paths)
    if not built.open_files:
        return _by_hand(call, built, root)
    files = tuple(_Fetching(built, root, file).planned() for file in built.open_files)
    return Fetched(str(DATASETS.short(call)), root, built.homepage, files)


def _known(dataset: str | Call, paths: Places) -> tuple[Call, Dataset, Path]:
    call = DATASETS.bind(dataset)
    built: Dataset = DATASETS.build(call)
    if built.generated:
        raise DataError(f"{call.name} is made by a formula: there is nothing to fetch.")
    return call, built, paths.root(call, "real")


def _by_hand(call: Call, dataset: Dataset, root: Path) -> Fetched:
    """A dataset that no command may fetch, if its files are there.

    Raises:
        DataError: if they are not; says which page has them and where they go.
    """
    if root.is_dir() and _fault(dataset, root) is None:
        return Fetched(str(DATASETS.short(call)), root, dataset.homepage, ())
    raise DataError(
        f"{call.name} cannot be fetched by this command. {dataset.by_hand or 'It names no open files.'}\n"
        f"It is published at {dataset.homepage} ({dataset.licence}). Put its files into {root}:\n{dataset.layout}"
    )


def named(file: OpenFile, root: Path) -> str:
    """A file for readers who see no folder, such as ``CXR_png of shenzhen``."""
    return f"{file.name} of {root.name}"


def _fault(dataset: Dataset, root: Path) -> str | None:
    """What is wrong with a dataset's files, as far as its labels and the names of its files tell; None: nothing."""
    try:
        known = dataset.at(root)
        samples = known.read_labels(root).samples
    except DataError as error:
        return str(error)
    missing = next((path for one in samples for path in known.files(root, one) if not path.is_file()), None)
    return f"{missing} is missing." if missing else None


class _Fetching:
    """One published file on its way to its place.

    Args:
        dataset: whose file it is.
        root: the dataset's folder.
        file: that is fetched.
        progress: told how many bytes are done.
        say: told what a user should see at once.
    """

    def __init__(
        self,
        dataset: Dataset,
        root: Path,
        file: OpenFile,
        progress: StepsCallback = lambda what, done, total: None,
        say: Say = lambda text: None,
    ) -> None:
        self.dataset, self.root, self.file = dataset, root, file
        self.progress, self.say = progress, say
        self.archive = root / file.name
        self.target = root / file.becomes

    def planned(self) -> FetchedFile:
        """The file as it is now."""
        if self._stands():
            return self._result("there", self._digest_there())
        return self._result("to fetch", None)

    def done(self) -> FetchedFile:
        """The file in its place."""
        if self._stands():
            return self._result("there", self._digest_there(keep=os.access(self.root, os.W_OK)))
        if self.file.listed:
            sha256 = collect(self.file.url, self.target, self._announcing(self._told(f"fetch {self.file.name}")))
            self._keep(sha256)
            self._check_complete("fetched")
            return self._result("fetched", sha256)
        came = not self.archive.is_file()
        sha256 = self._come() if came else self._checked(self.archive)
        self._keep(sha256)
        if self.file.folder is not None:
            self._unpack(self.file.folder)
            if came:  # one that was put there by hand is its owner's
                self.archive.unlink()
        return self._result("fetched", sha256)

    def _come(self) -> str:
        """Download it; returns its sha256."""
        file, first, sha256 = self.file, True, ""
        told = self._told(f"fetch {file.name}")

        def report(done: int, total: int | None) -> None:
            nonlocal first
            if first and total is not None and total - done > (free := shutil.disk_usage(self.root).free):
                raise StorageError(
                    f"{file.name} has {total - done:,} bytes to come, and the disk of {self.root} has {free:,} left. "
                    "Free some space or give another --data-root, then give the same command again."
                )
            first = False
            told(done, total)

        def accept(part: Path) -> None:
            nonlocal sha256
            sha256 = self._checked(part, "What came was damaged or is another version, and was deleted.")

        fetch(file.url, self.archive, self._announcing(report), accept=accept, fault=DataError)
        return sha256

    def _announcing(self, report: Report) -> Report:
        file, name = self.file, named(self.file, self.root)
        return announcing(name, file.url, f"{file.licence} ({self.dataset.homepage})", self.say, report)

    def _unpack(self, folder: str) -> None:
        unpack(self.archive, folder, self.target, self._told(f"unpack {self.file.name}"))
        self._check_complete("unpacked")

    def _check_complete(self, what: str) -> None:
        if (fault := self._incomplete()) is not None:
            raise DataError(
                f"{self.file.name} was {what} to {self.target}, and is not the dataset that was expected: {fault}\n"
                f"Its publishers may have changed it; look at {self.dataset.homepage}."
            )

    def _incomplete(self) -> str | None:
        """What of the dataset is not there as it is published; None: nothing."""
        if (fault := _fault(self.dataset, self.root)) is not None:
            return fault
        found, published = len(self.dataset.read_labels(self.root).samples), self.dataset.published.get("images")
        return f"it has {found:,} of {published:,} images." if published not in (None, found) else None

    def _told(self, what: str) -> Callable[[int, int | None], None]:
        return lambda done, total: self.progress(what, done, total)

    def _stands(self) -> bool:
        """Whether what the file becomes is there already.

        Raises:
            DataError: if something else stands in its place.
        """
        if self.file.folder is None:
            return self.target.is_file()
        fault = self._incomplete()
        if fault is not None and self.target.exists():
            raise DataError(
                f"{self.target} is there, and not complete: {fault}\nNothing was fetched, to lose nothing of yours. "
                "Move that folder away, then give the same command again."
            )
        return fault is None

    def _digest_there(self, keep: bool = False) -> str | None:
        """The sha256 of a file that is there, after a comparison with the published checksum; None of a folder."""
        record = records(self.root).get(self.file.name)
        if self.file.folder is not None:
            return str(record["sha256"]) if record else None
        status = self.target.stat()
        state = {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "md5": self.file.md5}
        if record and {name: record.get(name) for name in state} == state:
            return str(record["sha256"])
        sha256 = self._checked(self.target)
        if keep:
            self._keep(sha256)
        return sha256

    def _checked(
        self,
        path: Path,
        then: str = "It is damaged or another version, and was left as it is; move it away to fetch the published one.",
    ) -> str:
        """The sha256 of a file that has come.

        Args:
            path: where it is.
            then: what became of it, where its md5 is not the published one.

        Raises:
            DataError: if its md5 is not the published one.
        """
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        size, done = path.stat().st_size, 0
        told = self._told(f"check {self.file.name}")
        with path.open("rb") as opened:
            while block := opened.read(BLOCK):
                md5.update(block)
                sha256.update(block)
                done += len(block)
                told(done, size)
        if self.file.md5 is not None and md5.hexdigest() != self.file.md5:
            raise DataError(
                f"{path} has {size:,} bytes and the md5 {md5.hexdigest()}, expected {self.file.md5}, as "
                f"{self.dataset.homepage} publishes it. {then}"
            )
        return sha256.hexdigest()

    def _keep(self, sha256: str) -> None:
        """Write down what came."""
        status = (self.target if self.file.listed else self.archive).stat()
        entry = {
            "url": self.file.url,
            "page": self.dataset.homepage,
            "licence": self.file.licence,
            "md5": self.file.md5,
            "sha256": sha256,
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
        }
        write_json(self.root / RECORD, records(self.root) | {self.file.name: entry})

    def _result(self, state: Literal["to fetch", "fetched", "there"], sha256: str | None) -> FetchedFile:
        file = self.file
        return FetchedFile(file.name, file.url, file.licence, self.target, state, file.md5, sha256)
