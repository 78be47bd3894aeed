"""Reads the files that wandb writes offline, in the format of LevelDB's log, by their published description.

https://github.com/google/leveldb/blob/main/doc/log_format.md: blocks of 32 KiB; each part of a record has a header of
seven bytes, its checksum, length and type. wandb's file has seven bytes of its own before the first block's records.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

BLOCK, HEADER = 32_768, 7


def history_in(path: Path) -> list[dict[str, Any]]:
    """The rows of a run's history, in the order in which they were logged."""
    rows = []
    for data in _records(path.read_bytes()):
        record = Record.FromString(data)
        if record.WhichOneof("record_type") == "history":
            rows.append(
                {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
            )
    return rows


def _records(content: bytes) -> Iterator[bytes]:
    place, whole = HEADER, b""
    while place + HEADER <= len(content):
        if BLOCK - place % BLOCK < HEADER:  # the rest of a block without room for a header is empty
            place += BLOCK - place % BLOCK
            continue
        length, kind = struct.unpack("<HB", content[place + 4 : place + HEADER])
        if kind == 0:
            return
        whole += content[place + HEADER : place + HEADER + length]
        place += HEADER + length
        if kind in (1, 4):  # a whole record, or its last part
            yield whole
            whole = b""
