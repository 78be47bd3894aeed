"""TIFF files written byte by byte (TIFF 6.0), of the kinds that Pillow cannot write."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal

import numpy as np


def write_tiff(path: Path, values: np.ndarray, order: Literal["<", ">"] = "<", **tags: int) -> Path:
    """An uncompressed file of one strip.

    Args:
        path: of the file.
        values: (H, W) or (H, W, C), of any number format.
        order: of bytes.
        tags: those that are to be others: compression, photometric, planar, orientation, kind (SampleFormat).
    """
    height, width, *channels = values.shape
    count = channels[0] if channels else 1
    kind = tags.get("kind", {"u": 1, "i": 2, "f": 3, "c": 6}[values.dtype.kind])
    planar = tags.get("planar", 1)
    pixels = (values if planar == 1 else np.moveaxis(values, 2, 0)).astype(values.dtype.newbyteorder(order)).tobytes()
    bits = 8 * values.itemsize
    end = 8 + len(pixels)
    entries = [
        (256, 3, [width]), (257, 3, [height]), (258, 3, [bits] * count), (259, 3, [tags.get("compression", 1)]),
        (262, 3, [tags.get("photometric", 2 if count >= 3 else 1)]), (273, 4, [8 + len(pixels) // count * k
         for k in range(count if planar == 2 else 1)]), (274, 3, [tags.get("orientation", 1)]), (277, 3, [count]),
        (278, 3, [height]), (279, 4, [len(pixels) // (count if planar == 2 else 1)] * (count if planar == 2 else 1)),
        (284, 3, [planar]), (339, 3, [kind] * count),
    ]  # fmt: skip
    directory, more = struct.pack(f"{order}H", len(entries)), b""
    for tag, form, numbers in entries:
        content = struct.pack(f"{order}{len(numbers)}{'HI'[form - 3]}", *numbers)
        if len(content) > 4:
            place, more = end + 2 + 12 * len(entries) + 4 + len(more), more + content
            content = struct.pack(f"{order}I", place)
        directory += struct.pack(f"{order}HHI", tag, form, len(numbers)) + content.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", end)
    path.write_bytes(head + pixels + directory + bytes(4) + more)
    return path
