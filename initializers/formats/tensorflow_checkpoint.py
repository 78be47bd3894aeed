"""Reading TensorFlow checkpoints (tensor bundles) without TensorFlow.

A bundle consists of ``PREFIX.index``, a sorted string table of tensor names and entries, and of the files
``PREFIX.data-?????-of-?????`` with the bytes. Formats: tensorflow/core/protobuf/tensor_bundle.proto and
tensorflow/core/lib/io/table_format.txt (https://github.com/tensorflow/tensorflow); protocol buffers' wire format
(https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from initializers.formats.zip_entries import Entries
from specs.errors import WeightsError
from specs.quoting import plain

MAGIC = 0xDB4775248B80FB57
"""The last eight bytes of a table, as a number."""

FOOTER = 48
"""The number of bytes at the end of a table that say where its blocks are."""

DTYPES = {1: torch.float32, 2: torch.float64, 3: torch.int32, 9: torch.int64, 14: torch.bfloat16, 19: torch.float16}
"""The number formats by their numbers in tensorflow/core/framework/types.proto; no other formats are read."""


class Entry(NamedTuple):
    """The entry of a tensor in the index: its number format and shape, and where its bytes are."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


class Bundle:
    """A TensorFlow checkpoint in a zip archive, as SimCLR's are published.

    Args:
        path: the path of the archive.

    Raises:
        WeightsError: if the file is no zip archive with one checkpoint, or its index is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file, zipfile.ZipFile(file) as archive:
                entries = Entries(archive, file, path.stat().st_size)
                indexes = [name for name in entries.known if name.endswith(".index")]
                if len(indexes) != 1:
                    raise WeightsError(
                        f"{path} has {len(indexes)} TensorFlow checkpoints (*.index), expected one. Pack the one that "
                        "is meant into an archive of its own."
                    )
                self._prefix = indexes[0].removesuffix(".index")
                index = bytes(entries.read(indexes[0]))
                shards = sorted(name for name in entries.known if name.startswith(f"{self._prefix}.data-"))
                self._shards = [entries.read(name) for name in shards]
            self.entries = dict(_entries(index))
        except zipfile.BadZipFile as error:
            raise WeightsError(
                f"{path} is damaged or no zip archive: its end is missing, as where it was cut short. Fetch it again."
            ) from error
        except (OSError, IndexError, ValueError, NotImplementedError, RuntimeError, struct.error) as error:
            raise WeightsError(
                f"{path} is damaged or no zip archive of a TensorFlow checkpoint: {plain(error, 200)}. Compare its "
                "hash with its publishers'."
            ) from error

    def tensor(self, name: str) -> Tensor:
        """A tensor by its name, in TensorFlow's own layout.

        Raises:
            WeightsError: if its bytes are not all there, or its number format is not read.
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
                f"{self.path}: the bytes of {plain(name)} are not those of its {plain(count)} numbers of type "
                f"{entry.dtype}: {len(content):,} are there. Compare the file's hash with its publishers'."
            )
        if not count:
            return torch.empty(entry.shape, dtype=dtype)
        return torch.frombuffer(bytearray(content), dtype=dtype).reshape(entry.shape)


def _entries(index: bytes) -> Iterator[tuple[str, Entry]]:
    """The names and entries of an index table."""
    if len(index) < FOOTER or int.from_bytes(index[-8:], "little") != MAGIC:
        raise ValueError("its index does not end as a table does")
    footer = index[-FOOTER:]
    position = 0
    handle = []
    for _ in range(4):  # offset and size of the meta-index, then of the index of blocks
        value, position = _varint(footer, position)
        handle.append(value)
    left = len(index)
    for _, block_handle in _block(index, handle[2], handle[3]):
        offset, position = _varint(block_handle, 0)
        size, _ = _varint(block_handle, position)
        if (left := left - size) < 0:
            raise ValueError("blocks of its index overlap")
        for key, message in _block(index, offset, size):
            if key:  # the empty name holds the bundle's header
                yield key.decode(), _entry(message)


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of one block; a key is stored without the part that it shares with the key before."""
    if table[offset + size] != 0:
        raise ValueError("its index is compressed, which TensorFlow's never is")
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 - 4 * restarts
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _entry(message: bytes) -> Entry:
    fields = list(_fields(message))
    numbers = {field: value for field, value in fields if isinstance(value, int)}
    shape = next((value for field, value in fields if field == 2 and isinstance(value, bytes)), b"")
    dimensions = [value for field, value in _fields(shape) if field == 2 and isinstance(value, bytes)]
    lengths = tuple(int(dict(_fields(dimension)).get(1, 0)) for dimension in dimensions)
    return Entry(numbers.get(1, 0), lengths, numbers.get(3, 0), numbers.get(4, 0), numbers.get(5, 0))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The field numbers and values of a protocol buffer."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == 0:
            number, position = _varint(message, position)
            yield tag >> 3, number
        elif kind == 2:
            length, position = _varint(message, position)
            yield tag >> 3, message[position : position + length]
            position += length
        elif kind in (1, 5):
            width = 8 if kind == 1 else 4
            yield tag >> 3, int.from_bytes(message[position : position + width], "little")
            position += width
        else:
            raise ValueError("its index has an entry of an unknown kind")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A variable-length number, and the position behind it."""
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise ValueError("its index has a number that does not end")
