"""Reading TensorFlow checkpoints (tensor bundles) without TensorFlow.

A bundle is ``PREFIX.index``, a sorted string table of tensor names and entries, and ``PREFIX.data-?????-of-?????`` with
the bytes. Formats: tensorflow/core/protobuf/tensor_bundle.proto and tensorflow/core/lib/io/table_format.txt
(https://github.com/tensorflow/tensorflow); protocol buffers' wire format
(https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from specs.errors import WeightsError

MAGIC = 0xDB4775248B80FB57
"""Last eight bytes of a table."""

FOOTER = 48
DTYPES = {1: torch.float32, 2: torch.float64, 3: torch.int32, 9: torch.int64, 14: torch.bfloat16, 19: torch.float16}
"""Numbers of tensorflow/core/framework/types.proto; tensors of other types are left out by name."""


class Entry(NamedTuple):
    """Where a tensor's bytes are."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


class Bundle:
    """A checkpoint inside a zip archive, as SimCLR's are published.

    Args:
        path: of the archive.

    Raises:
        WeightsError: if it is no zip archive with one checkpoint, or its index is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith(".index")]
                if len(names) != 1:
                    raise WeightsError(
                        f"{path} has {len(names)} TensorFlow checkpoints (*.index), expected one. Fetch it again."
                    )
                self._prefix = names[0].removesuffix(".index")
                index = archive.read(names[0])
                shards = sorted(name for name in archive.namelist() if name.startswith(f"{self._prefix}.data-"))
                self._shards = [archive.read(name) for name in shards]
            self.entries = dict(_entries(index))
        except (zipfile.BadZipFile, OSError, IndexError, ValueError, NotImplementedError) as error:
            raise WeightsError(
                f"{path} is damaged or no zip archive of a TensorFlow checkpoint: {error}. Fetch it again."
            ) from error

    def tensor(self, name: str) -> Tensor:
        """One tensor, in TensorFlow's own layout.

        Raises:
            WeightsError: if its bytes are not all there, or of a type that is not read.
        """
        entry = self.entries[name]
        dtype = DTYPES.get(entry.dtype)
        shard = self._shards[entry.shard] if entry.shard < len(self._shards) else b""
        content = shard[entry.offset : entry.offset + entry.size]
        count = 1
        for length in entry.shape:
            count *= length
        if dtype is None or len(content) != entry.size or entry.size != count * dtype.itemsize:
            raise WeightsError(
                f"{self.path}: the bytes of {name} are not all there ({len(content)} of {count} numbers of type "
                f"{entry.dtype}). Fetch it again."
            )
        return torch.frombuffer(bytearray(content), dtype=dtype).reshape(entry.shape)


def _entries(index: bytes) -> Iterator[tuple[str, Entry]]:
    """Names and entries of an index table."""
    if len(index) < FOOTER or int.from_bytes(index[-8:], "little") != MAGIC:
        raise ValueError("its index does not end as a table does")
    footer = index[-FOOTER:]
    place = 0
    handle = []
    for _ in range(4):  # offset and size of the meta-index, then of the index of blocks
        value, place = _varint(footer, place)
        handle.append(value)
    for _, block_handle in _block(index, handle[2], handle[3]):
        offset, place = _varint(block_handle, 0)
        size, _ = _varint(block_handle, place)
        for key, message in _block(index, offset, size):
            if key:  # the empty name holds the bundle's header
                yield key.decode(), _entry(message)


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block; each key begins with a part of the one before."""
    if table[offset + size] != 0:
        raise ValueError("its index is compressed, which TensorFlow's never is")
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 - 4 * restarts
    place, key = 0, b""
    while place < end:
        shared, place = _varint(block, place)
        unshared, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + unshared]
        place += unshared
        yield key, block[place : place + length]
        place += length


def _entry(message: bytes) -> Entry:
    fields = list(_fields(message))
    numbers = {field: value for field, value in fields if isinstance(value, int)}
    shape = next((value for field, value in fields if field == 2 and isinstance(value, bytes)), b"")
    dimensions = [value for field, value in _fields(shape) if field == 2 and isinstance(value, bytes)]
    lengths = tuple(int(dict(_fields(one)).get(1, 0)) for one in dimensions)
    return Entry(numbers.get(1, 0), lengths, numbers.get(3, 0), numbers.get(4, 0), numbers.get(5, 0))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of a protocol buffer."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            number, place = _varint(message, place)
            yield tag >> 3, number
        elif kind == 2:
            length, place = _varint(message, place)
            yield tag >> 3, message[place : place + length]
            place += length
        elif kind in (1, 5):
            width = 8 if kind == 1 else 4
            yield tag >> 3, int.from_bytes(message[place : place + width], "little")
            place += width
        else:
            raise ValueError("its index has an entry of an unknown kind")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A variable-length number and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise ValueError("its index has a number that does not end")
