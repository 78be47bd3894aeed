"""The weight store: a folder with published files, unchanged, and the tensors that they were converted to.

    WEIGHTS/                      the environment variable MEDTRANSFER_WEIGHTS, else ``weights``
      moco_v2_800ep_pretrain.pth.tar        a published file, fetched or placed by hand
      records/moco_v2_800ep_pretrain.pth.tar.json
      converted/SHA256-1.safetensors        its tensors under the backbone's names, without heads
      converted/SHA256-1.json               what was left out, and fast hashes for each load

A record holds the sha256 that the published file had when it was first used. A file whose bytes have another one is
refused. A file that pip installs stays where pip put it, unless the store holds it too; only its converted tensors are
in the store.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from initializers.formats.files import existing, sha256_of
from initializers.publishing.variable import VARIABLE
from initializers.publishing.wheels import Wheel
from specs.errors import WeightsError
from specs.files import file_sha256, replacing, write_json

if TYPE_CHECKING:
    from initializers.loading.contract import Weights

CONVERSION_VERSION = 1
"""Raised on purpose when the same file is converted to other tensors than before."""


@dataclass(frozen=True)
class PublishedFile:
    """A weight file that its authors published.

    Attributes:
        name: the name of the file in the store.
        page: the address of the page where a person finds the file, its licence and its terms.
        url: the address of the file itself, or None where it must be fetched by hand.
        digest: how the hash in the file's name or documentation begins, such as ``md5:a04e12f8``; None if there is
            none.
        member: the path of the file inside the archive that is published, or None.
        wheel: the package that installs the file, or None; with one, ``digest`` is the whole sha256.
    """

    name: str
    page: str
    url: str | None = None
    digest: str | None = None
    member: str | None = None
    wheel: Wheel | None = None


class WeightStore:
    """The store that finds, checks and converts published weight files.

    Args:
        folder: the folder of the store; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def current(cls) -> WeightStore:
        """The store that the environment names."""
        return cls(Path(os.environ.get(VARIABLE) or "weights").absolute())

    def holds(self, file: PublishedFile) -> bool:
        """Whether a published file is available, in the store or installed by pip."""
        return self._in_folder(file) or (file.wheel is not None and file.wheel.installed)

    def _in_folder(self, file: PublishedFile) -> bool:
        return (self.folder / file.name).is_file()

    def add(self, file: PublishedFile, origin: Path) -> str:
        """Copy a user's file into the store under its published name, and return its sha256.

        Raises:
            WeightsError: if it does not exist, or is not the publishers' file; then nothing is added.
        """
        source = existing(origin)
        if self._in_folder(file):
            if _hash(source, "sha256") != self.sha256(file):
                raise WeightsError(
                    f"the store holds another {file.name}, at {self.folder / file.name}. Delete that one first if "
                    f"{source} is meant."
                )
            return self.sha256(file)
        with replacing(self.folder / file.name) as temporary:
            shutil.copyfile(source, temporary)
        return self._accepted(file)

    def fetch(self, file: PublishedFile, report: Callable[[int, int | None], None]) -> str:
        """Download a published file unless it is available already, and return its sha256.

        Raises:
            WeightsError: if it must be fetched by hand or by pip, cannot be fetched, or is not the publishers' file.
        """
        from initializers.publishing.fetching import fetch

        if not self.holds(file):
            if file.url is None:
                self.path(file)  # says where to get it
            assert file.url is not None
            fetch(file.url, self.folder / file.name, report)
            return self._accepted(file)
        return self.sha256(file)

    def _accepted(self, file: PublishedFile) -> str:
        """The sha256 of a file that was just added; it is removed again if it is not the publishers'."""
        try:
            return self.sha256(file)
        except WeightsError:
            (self.folder / file.name).unlink()
            raise

    def verify(self, file: PublishedFile) -> str:
        """Read a file's bytes again, whatever its time of change, compare them with the record, and return the sha256.

        Raises:
            WeightsError: if the file is missing or its bytes changed.
        """
        if file.wheel is not None and not self._in_folder(file):
            return self._installed(file, file.wheel, file_sha256)
        record = self._record(file)
        if record:
            write_json(self._record_path(file), record | {"mtime_ns": -1, "page": file.page})
        return self.sha256(file)

    def path(self, file: PublishedFile) -> Path:
        """The path of a published file.

        Raises:
            WeightsError: if the file is missing; it says where to get it and where to put it.
        """
        path = self.folder / file.name
        if path.is_file():
            return path
        if file.wheel is not None:
            return file.wheel.path()
        inside = f" It is {file.member} in what is published there." if file.member else ""
        where = f"Download {file.url}" if file.url else f"Fetch it by hand from {file.page}"
        raise WeightsError(
            f"the weights {file.name} are not in the store {self.folder}. {where} and put it at {path}.{inside} "
            f"Its terms are on {file.page}. Another store: {VARIABLE}."
        )

    def sha256(self, file: PublishedFile) -> str:
        """The sha256 of a published file; its bytes are read again only if size or time of change differ.

        Raises:
            WeightsError: if the file is missing, or its bytes are not those that were recorded or published.
        """
        if file.wheel is not None and not self._in_folder(file):
            return self._installed(file, file.wheel)
        path, record = self.path(file), self._record(file)
        status = path.stat()
        state = {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
        if record and {name: record[name] for name in state} == state:
            return str(record["sha256"])
        actual = _hash(path, "sha256")
        if record and record["sha256"] != actual:
            raise WeightsError(
                f"{path} has the sha256 {actual}, and {record['sha256']} when it was first used: its bytes changed. "
                f"Put the first file back, or delete {self._record_path(file)} if the new one is meant."
            )
        if file.digest:
            kind, _, start = file.digest.partition(":")
            digest = actual if kind == "sha256" else _hash(path, kind)
            if not digest.startswith(start):
                raise WeightsError(
                    f"{path} has the {kind} {digest}, and its publishers' begins with {start}. Delete it and fetch it "
                    "again."
                )
        write_json(self._record_path(file), state | {"sha256": actual, "page": file.page})
        return actual

    def _installed(self, file: PublishedFile, wheel: Wheel, hashed: Callable[[Path], str] = sha256_of) -> str:
        """The sha256 of a file that pip installed, which needs no record, since its whole sha256 is published."""
        path = wheel.path()
        actual, expected = hashed(path), (file.digest or "").removeprefix("sha256:")
        if actual != expected:
            raise WeightsError(
                f"{path} is damaged: it has the sha256 {actual}, and that of {wheel.distribution} {wheel.version} is "
                f"{expected}. Install it anew: {wheel.repair}"
            )
        return actual

    def converted(self, file: PublishedFile, convert: Callable[[Path], Weights]) -> Weights:
        """A published file's tensors, converted once and then read from memory-mapped safetensors.

        Args:
            file: the published file.
            convert: a function that reads the published file; its tensors must be finite.

        Raises:
            WeightsError: if the file is missing, changed or cannot be converted, or its converted tensors changed.
        """
        from safetensors.torch import load_file, save_file

        from initializers.loading.contract import Weights
        from initializers.loading.fingerprints import file_fingerprint, fingerprint

        sha256 = self.sha256(file)
        target = self.folder / "converted" / f"{sha256}-{CONVERSION_VERSION}.safetensors"
        description = target.with_suffix(".json")
        if not description.is_file():
            weights = convert(self.path(file))
            tensors = {name: tensor.contiguous() for name, tensor in weights.tensors.items()}
            with replacing(target) as temporary:
                save_file(tensors, temporary)
            about = {
                "source": weights.source,
                "dropped": list(weights.dropped),
                "transformed": weights.transformed,
                "file": file_fingerprint(target),
                "tensors": fingerprint(tensors),
            }
            write_json(description, about)
        try:
            about = json.loads(description.read_text(encoding="utf-8"))
            if file_fingerprint(target) != about["file"]:
                raise ValueError("its bytes are not those that were written")
            return Weights(
                load_file(target),
                transformed=about["transformed"],
                dropped=tuple(about["dropped"]),
                source=about["source"],
                sha256=sha256,
                fingerprint=about["tensors"],
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise WeightsError(
                f"{target} is damaged ({error}). Delete {description}; both are made anew from {file.name}."
            ) from error

    def _record(self, file: PublishedFile) -> dict[str, Any] | None:
        path = self._record_path(file)
        if not path.is_file():
            return None
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return {name: record[name] for name in ("size", "mtime_ns", "sha256")}
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{path} is not a record of the weight store ({error}). Delete it.") from error

    def _record_path(self, file: PublishedFile) -> Path:
        return self.folder / "records" / f"{file.name}.json"


def _hash(path: Path, kind: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
