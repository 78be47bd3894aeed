"""The weight store: one folder with published files, as they came, and what they were converted to.

    WEIGHTS/                      the environment variable MEDTRANSFER_WEIGHTS, else ``weights``
      moco_v2_800ep_pretrain.pth.tar        a published file, fetched or placed by hand
      records/moco_v2_800ep_pretrain.pth.tar.json
      converted/SHA256-1.safetensors        its tensors under the backbone's names, without heads
      converted/SHA256-1.json               what was left out, and fast hashes for each load

A record holds the sha256 of the published file when it was first seen. A file whose bytes have another one is refused.
A file that pip installs stays where pip put it, unless the store holds it too; only what it is converted to is here.
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
    """A weight file as its authors publish it.

    Attributes:
        name: of the file in the store.
        page: where a person finds it, its licence and its terms.
        url: that gives the file itself, or None where it must be fetched by hand.
        digest: how the hash in the file's name or documentation begins, such as ``md5:a04e12f8``; None if there is
            none.
        member: path of the file inside the archive that is published, or None.
        wheel: the package that brings the file; its ``digest`` is then the whole sha256.
    """

    name: str
    page: str
    url: str | None = None
    digest: str | None = None
    member: str | None = None
    wheel: Wheel | None = None


class WeightStore:
    """Finds, checks and converts published weight files.

    Args:
        folder: of the store; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def current(cls) -> WeightStore:
        """The store that the environment names."""
        return cls(Path(os.environ.get(VARIABLE) or "weights").absolute())

    def holds(self, file: PublishedFile) -> bool:
        """Whether a published file is there, in the store or by pip."""
        return self._in_folder(file) or (file.wheel is not None and file.wheel.installed)

    def _in_folder(self, file: PublishedFile) -> bool:
        return (self.folder / file.name).is_file()

    def add(self, file: PublishedFile, origin: Path) -> str:
        """Copy a file that a user has into the store under its published name; returns its sha256.

        Raises:
            WeightsError: if it is not there, or not the publishers' file; then nothing is added.
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
        """Download a published file unless it is there; returns its sha256.

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
        """The sha256 of a file that has just come; it is removed again if it is not the publishers'."""
        try:
            return self.sha256(file)
        except WeightsError:
            (self.folder / file.name).unlink()
            raise

    def verify(self, file: PublishedFile) -> str:
        """Read a file's bytes again, whatever its time of change, and compare with the record; returns its sha256.

        Raises:
            WeightsError: if it is not there or changed.
        """
        if file.wheel is not None and not self._in_folder(file):
            return self._installed(file, file.wheel, file_sha256)
        record = self._record(file)
        if record:
            write_json(self._record_path(file), record | {"mtime_ns": -1, "page": file.page})
        return self.sha256(file)

    def path(self, file: PublishedFile) -> Path:
        """Where a published file is.

        Raises:
            WeightsError: if it is not there; says where to get it and where to put it.
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
            WeightsError: if it is not there, or its bytes are not those that were recorded or published.
        """
        if file.wheel is not None and not self._in_folder(file):
            return self._installed(file, file.wheel)
        path, record = self.path(file), self._record(file)
        status = path.stat()
        state = {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
        if record and {name: record[name] for name in state} == state:
            return str(record["sha256"])
        found = _hash(path, "sha256")
        if record and record["sha256"] != found:
            raise WeightsError(
                f"{path} has the sha256 {found}, and {record['sha256']} when it was first used: its bytes changed. "
                f"Put the first file back, or delete {self._record_path(file)} if the new one is meant."
            )
        if file.digest:
            kind, _, start = file.digest.partition(":")
            digest = found if kind == "sha256" else _hash(path, kind)
            if not digest.startswith(start):
                raise WeightsError(
                    f"{path} has the {kind} {digest}, and its publishers' begins with {start}. Delete it and fetch it "
                    "again."
                )
        write_json(self._record_path(file), state | {"sha256": found, "page": file.page})
        return found

    def _installed(self, file: PublishedFile, wheel: Wheel, hashed: Callable[[Path], str] = sha256_of) -> str:
        """The sha256 of a file that pip installed; needs no record, since the whole of it is published."""
        path = wheel.path()
        found, expected = hashed(path), (file.digest or "").removeprefix("sha256:")
        if found != expected:
            raise WeightsError(
                f"{path} is damaged: it has the sha256 {found}, and that of {wheel.distribution} {wheel.version} is "
                f"{expected}. Install it anew: {wheel.repair}"
            )
        return found

    def converted(self, file: PublishedFile, convert: Callable[[Path], Weights]) -> Weights:
        """A published file's tensors, converted once and then read from memory-mapped safetensors.

        Args:
            file: which one.
            convert: reads the published file; its tensors are finite.

        Raises:
            WeightsError: if it is not there, changed, or cannot be converted, or what it was converted to changed.
        """
        from safetensors.torch import load_file, save_file

        from initializers.loading.contract import Weights
        from initializers.loading.fingerprints import file_fingerprint, fingerprint

        sha256 = self.sha256(file)
        target = self.folder / "converted" / f"{sha256}-{CONVERSION_VERSION}.safetensors"
        described = target.with_suffix(".json")
        if not described.is_file():
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
            write_json(described, about)
        try:
            about = json.loads(described.read_text(encoding="utf-8"))
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
                f"{target} is damaged ({error}). Delete {described}; both are made anew from {file.name}."
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
