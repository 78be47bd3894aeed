"""Reading files of ``torch.save``: zip archives with a pickle and storages, or, before torch 1.6, a series of pickles.

The amount that is read is bounded by the file's size, whatever the file declares, and nothing in it is run.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple

import torch
from torch import Tensor

from initializers.formats.inert_pickle import Inert
from initializers.formats.pickle_machine import Machine
from initializers.formats.pickle_owner import CutPickle, PickleFault
from initializers.formats.torch_tensors import TORCH, TorchOwner
from initializers.formats.zip_entries import Entries, block

LEGACY_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""The first bytes of files of torch.save before 1.6 (``torch.serialization.MAGIC_NUMBER``, pickled)."""

LEGACY_PROTOCOL = 1001
"""The version of the format before torch 1.6 (``torch.serialization.PROTOCOL_VERSION``)."""

BIG_ENDIAN = "its numbers are in big-endian order; save it again on a machine of the usual order"


class Loaded(NamedTuple):
    """The content of a file, with the names of what was not run or read.

    Attributes:
        content: the plain data, tensors, shells and ``Unread`` in the file.
        calls: the names of functions that would run if it were read as Python reads a pickle.
        objects: the names of classes whose objects are left unread.
    """

    content: Any
    calls: tuple[str, ...]
    objects: tuple[str, ...]


def read_zip(path: Path) -> Loaded:
    """The content of a file of torch 1.6 or later.

    Raises:
        PickleFault: if it is damaged or cut, or declares more than it holds.
        zipfile.BadZipFile: if the archive itself is damaged.
    """
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        entries = Entries(archive, file, path.stat().st_size)
        pickles = [name for name in entries.known if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise PickleFault(f"it has {len(pickles)} entries data.pkl, expected one")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in entries.known and entries.read(f"{root}byteorder") != b"little":
            raise PickleFault(BIG_ENDIAN)
        buffers: dict[str, Tensor] = {}

        def storage(key: str, count: int, width: int) -> Tensor:
            if key not in buffers:
                buffers[key] = _tensor(entries.read(f"{root}data/{key}"))
            return _enough(buffers[key], count * width)

        return _load(entries.read(pickles[0]), TorchOwner(storage, entries.size))


def read_legacy(file: IO[bytes], size: int) -> Loaded:
    """The content of a file of torch before 1.6, or of a file that was saved in that format.

    The storages lie behind the pickle that names them, so that the pickle is read once to find its end.

    Args:
        file: the file, open at its beginning.
        size: the size of the file in bytes.

    Raises:
        PickleFault: if it is damaged or cut, or declares more than it holds.
    """
    widths: dict[str, int] = {}

    def noted(key: str, count: int, width: int) -> Tensor:
        widths.setdefault(key, width)
        return torch.empty(0, dtype=torch.uint8)

    magic, version, machine = (Machine(file, Inert(), size).load() for _ in range(3))
    if magic != pickle.loads(LEGACY_MAGIC) or version != LEGACY_PROTOCOL:
        raise PickleFault("it is of a protocol that torch never had")
    if isinstance(machine, dict) and machine.get("little_endian") is False:
        raise PickleFault(BIG_ENDIAN)
    begin = file.tell()
    Machine(file, TorchOwner(noted, size), size).load()
    end = file.tell()
    places = _places(file, Machine(file, Inert(), size).load(), widths, size)
    buffers: dict[str, Tensor] = {}

    def storage(key: str, count: int, width: int) -> Tensor:
        if key not in places:
            raise CutPickle("a storage that its pickle names is not there")
        if key not in buffers:
            buffers[key] = _tensor(block(file, *places[key]))
        return _enough(buffers[key], count * width)

    return _load(block(file, begin, end - begin), TorchOwner(storage, size))


def read_pickle(file: IO[bytes], size: int) -> Loaded:
    """The content of a plain pickle of tensors or NumPy arrays, as ``pickle.dump(model.state_dict(), file)`` writes it.

    Args:
        file: the file, open at its beginning.
        size: the size of the file in bytes.

    Raises:
        PickleFault: if it is damaged or cut.
    """
    owner = _PlainOwner(_none_outside, size)
    return Loaded(Machine(file, owner, size).load(), tuple(owner.called_names), tuple(owner.made_names))


def _none_outside(key: str, count: int, width: int) -> Tensor:
    raise PickleFault("it names a storage outside of it")


class _PlainOwner(TorchOwner):
    """The owner of a plain pickle, in which each storage is a legacy file of its own."""

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions of a torch file, and the one that makes such a storage; a storage cannot hold another."""
        return TORCH | {"torch.storage._load_from_bytes": _storage_in}


def _storage_in(owner: TorchOwner, content: Any) -> Any:
    if not isinstance(content, bytes):
        raise PickleFault("a storage without its numbers")
    return read_legacy(io.BytesIO(content), len(content)).content


def _places(file: IO[bytes], keys: Any, widths: dict[str, int], size: int) -> dict[str, tuple[int, int]]:
    """The first byte and the number of bytes of each storage in a legacy file; its count of numbers is before it."""
    if not isinstance(keys, list) or any(type(key) not in (str, int) for key in keys):
        raise PickleFault("its list of storages is not valid")
    places: dict[str, tuple[int, int]] = {}
    at = file.tell()
    for key in map(str, keys):
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head, "little", signed=True) * widths.get(key, 1)
        if len(head) != 8 or not 0 <= length <= size - at - 8 or key in places:
            raise CutPickle("its storages end too early")
        places[key], at = (at + 8, length), at + 8 + length
    return places


def _load(content: bytearray, owner: TorchOwner) -> Loaded:
    loaded = Machine(io.BytesIO(content), owner, len(content)).load()
    return Loaded(loaded, tuple(owner.called_names), tuple(owner.made_names))


def _tensor(content: bytearray) -> Tensor:
    return torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)


def _enough(content: Tensor, wanted: int) -> Tensor:
    if content.numel() < wanted:
        raise CutPickle(f"{wanted:,} bytes of numbers are declared where it holds {content.numel():,}")
    return content
