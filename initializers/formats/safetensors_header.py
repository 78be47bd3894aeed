"""The header of a safetensors file: JSON with names, number formats and byte offsets. No tensor is read.

Format: https://huggingface.co/docs/safetensors ("Format").
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LONGEST_HEADER = 100_000_000
"""The largest number of bytes of a header, set by the format."""

METADATA = "__metadata__"
"""The name of the only entry of the header that is no tensor."""


class HeaderFault(ValueError):
    """A header that is not valid."""


class CutFile(HeaderFault):
    """A file that ends before what its header declares."""


def looks_so(start: bytes) -> bool:
    """Whether a file begins like a safetensors file, judged by its first nine bytes."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= LONGEST_HEADER


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The header as plain data, and the byte at which the tensors begin.

    Raises:
        HeaderFault: if there is no valid header.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        room = path.stat().st_size - 8
        if not 2 <= length <= LONGEST_HEADER:
            raise HeaderFault(f"its header would have {length:,} bytes")
        if length > room:
            raise CutFile(f"its header has {length:,} bytes, and {max(room, 0):,} are there")
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_once)
    except HeaderFault:
        raise
    except (ValueError, RecursionError) as error:
        raise HeaderFault("its header is no JSON") from error
    if not isinstance(header, dict):
        raise HeaderFault("its header has no names")
    return header, 8 + length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise HeaderFault("a name occurs twice in its header")
    return entries
