"""Fetching the freely published files of a dataset into the dataset's folder."""

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
from experiments.run.paths import Paths
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
"""Bytes that are read at once."""


@dataclass(frozen=True)
class FetchedFile:
    """A published file of a dataset, and where it is now.

    Attributes:
        name: the name of the file as published.
        url: the address that the file is fetched from.
        licence: the licence of the file.
        path: the path of the file on this machine, or of the folder that it is unpacked to.
        state: ``to fetch`` if it is missing, ``fetched`` if this call fetched it, ``there`` if it was there already.
        published_md5: the MD5 checksum that the publishers state, in hexadecimal; None if they state none.
        sha256: the sha256 of the fetched file, or of the lines ``sha256  path`` of a folder of single files; None if it
            is not fetched yet, or is a folder that was put there in another way.
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
    """The published files of a dataset.

    Attributes:
        dataset: the expression of the dataset.
        root: the folder of the dataset.
        page: the address of the page on which the dataset is published.
        files: the published files; empty for a dataset that must be fetched by hand and is there.
    """

    dataset: str
    root: Path
    page: str
    files: tuple[FetchedFile, ...]


def fetched(dataset: str | Call, paths: Paths, progress: StepsCallback, say: Say) -> Fetched:
    """Fetch the missing files of a dataset.

    Args:
        dataset: the expression of the dataset.
        paths: the folders of data and runs.
        progress: a function that is told the progress of fetching, checking and unpacking.
        say: a function that is told what is fetched, from where and under which licence.

    Raises:
        DataError: if the dataset must be fetched by hand, cannot be fetched or differs from what was published, if
            other files are in its place, or if the folder cannot be written.
        StorageError: if the disk has no room for it.
    """
    call, built, root = _known(dataset, paths)
    if not built.open_files:
        return _by_hand(call, built, root, paths)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with alone(root):
            files = tuple(_Fetching(built, root, file, progress, say).done() for file in built.open_files)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise DataError(f"{root} cannot be written ({error}). Give another --data-root.") from error
    finally:
        with suppress(OSError):
            root.rmdir()  # this removes the folder only if it is empty, because nothing came
    return Fetched(str(DATASETS.short(call)), root, built.homepage, files)


def planned_fetch(dataset: str | Call, paths: Paths) -> Fetched:
    """The files that ``fetched`` would fetch, or that are there; nothing is fetched or written.

    Raises:
        DataError: if the dataset must be fetched by hand, or other files are in its place.
    """
    call, built, root = _known(dataset, paths)
    if not built.open_files:
        return _by_hand(call, built, root, paths)
    files = tuple(_Fetching(built, root, file).planned() for file in built.open_files)
    return Fetched(str(DATASETS.short(call)), root, built.homepage, files)


def _known(dataset: str | Call, paths: Paths) -> tuple[Call, Dataset, Path]:
    call = DATASETS.bind(dataset)
    built: Dataset = DATASETS.build(call)
    if built.generated:
        raise DataError(f"{call.name} is made by a formula: there is nothing to fetch.")
    return call, built, paths.root(call, "real")


def _by_hand(call: Call, dataset: Dataset, root: Path, paths: Paths) -> Fetched:
    """A dataset that must be fetched by hand, if its files are there.

    Raises:
        DataError: if they are not there; it says which page has them and where to put them.
    """
    found = ""
    if root.is_dir():
        try:
            faults = paths.view(call, "real").faults()
        except DataError as error:
            faults = [str(error).splitlines()[0]]
        if not faults:
            return Fetched(str(DATASETS.short(call)), root, dataset.homepage, ())
        found = f" What is there is not fit: {' '.join(faults)}"
    raise DataError(
        f"{call.name} cannot be fetched by this command. {dataset.by_hand or 'It names no open files.'}{found}\n"
        f"It is published at {dataset.homepage} ({dataset.licence}). Put its files into {root}:\n{dataset.layout}"
    )


def named(file: OpenFile, root: Path) -> str:
    """The name of a file together with the name of its dataset's folder, such as ``CXR_png of shenzhen``."""
    return f"{file.name} of {root.name}"


def _fault(dataset: Dataset, root: Path) -> str | None:
    """A fault in a dataset's labels, or a file that is missing; None if there is no such fault. No image is read."""
    try:
        known = dataset.at(root)
        samples = known.read_labels(root).samples
    except DataError as error:
        return str(error)
    missing = next((path for one in samples for path in known.files(root, one) if not path.is_file()), None)
    return f"{missing} is missing." if missing else None


class _Fetching:
    """Fetches one published file of a dataset, checks it and unpacks it.

    Args:
        dataset: the dataset that the file belongs to.
        root: the dataset's folder.
        file: the published file to fetch.
        progress: a function that is told how many bytes of a step are done.
        say: a function that is told sentences that a user should see at once.
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
        """The state of the file now; nothing is fetched."""
        if self._stands():
            return self._result("there", self._digest_there())
        return self._result("to fetch", None)

    def done(self) -> FetchedFile:
        """Fetch, check and unpack the file unless it is there, and return its state."""
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
            if came:  # an archive that was put there by hand is not removed
                self.archive.unlink()
        return self._result("fetched", sha256)

    def _come(self) -> str:
        """Download the file and return its sha256."""
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
        """What is missing of the dataset in comparison with its publication, in words; None if it is complete."""
        if (fault := _fault(self.dataset, self.root)) is not None:
            return fault
        found, published = len(self.dataset.read_labels(self.root).samples), self.dataset.published.get("images")
        return f"it has {found:,} of {published:,} images." if published not in (None, found) else None

    def _told(self, what: str) -> Callable[[int, int | None], None]:
        return lambda done, total: self.progress(what, done, total)

    def _stands(self) -> bool:
        """Whether the file, or the folder that it is unpacked to, is there already.

        Raises:
            DataError: if something else is in its place.
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
        """The sha256 of a file that is there, checked against the published MD5; None for an unrecorded folder."""
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
        """The sha256 of a file, after comparing its MD5 with the published one.

        Args:
            path: the path of the file.
            then: the end of the error message, which says what was done with a wrong file.

        Raises:
            DataError: if its MD5 is not the published one.
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
        """Write an entry for the fetched file into the folder's record."""
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
