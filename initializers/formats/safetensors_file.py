"""Reading the tensors of safetensors files.

The header is checked against the file's size before anything is read, so that false declarations cost nothing.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from initializers.formats.safetensors_header import METADATA, CutFile, HeaderFault, read_header
from specs.errors import WeightsError
from specs.quoting import names, plain

FORMATS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
    "U16": torch.uint16, "U32": torch.uint32, "U64": torch.uint64, "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3": torch.float8_e4m3fn, "C64": torch.complex64,
}  # fmt: skip
"""The number formats by their names in the file; formats of less than a byte are not read."""


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file by name.

    Raises:
        HeaderFault: if the header is not valid, or the file is not as long as it says.
        WeightsError: if numbers are in a format that is not read.
    """
    header, begin = read_header(path)
    header.pop(METADATA, None)
    size = path.stat().st_size - begin
    entries = {name: _entry(name, told) for name, told in header.items()}
    if strange := {told[0] for told in entries.values()} - FORMATS.keys():
        raise WeightsError(
            f"{path} has numbers of the format {names(sorted(strange))}, which is not read; known are "
            f"{', '.join(FORMATS)}. Export it in one of them."
        )
    end = 0
    for name, (form, shape, start, stop) in sorted(entries.items(), key=lambda entry: entry[1][2:]):
        if start != end or stop - start != math.prod(shape) * FORMATS[form].itemsize:
            raise HeaderFault(f"the byte offsets of {plain(name)} do not fit its shape and number format")
        end = stop
    if end > size:
        raise CutFile(f"its tensors have {end:,} bytes, and {size:,} are there")
    if end < size:
        raise HeaderFault(f"its tensors have {end:,} bytes, and {size:,} are there")
    with path.open("rb") as file:
        file.seek(begin)
        content = bytearray(size)
        if file.readinto(content) != size:
            raise CutFile("it ends too early")
    return {
        name: torch.frombuffer(content, dtype=FORMATS[form], count=math.prod(shape), offset=start).reshape(shape)
        if stop > start
        else torch.empty(shape, dtype=FORMATS[form])
        for name, (form, shape, start, stop) in entries.items()
    }


def _entry(name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """The number format, shape, first byte and end byte of a tensor."""
    match entry:
        case {"dtype": str(form), "shape": [*shape], "data_offsets": [int(start), int(stop)]}:
            fits = all(type(length) is int and length >= 0 for length in shape) and len(shape) <= 64
            if fits and math.prod(max(length, 1) for length in shape) < 2**62 and 0 <= start <= stop < 2**62:
                return form, tuple(shape), start, stop
    raise HeaderFault(f"the entry of {plain(name)} in its header is not valid")
