"""Reading arrays from npz files, which are zip archives, unless a file declares more than it holds."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_EXPANSION, UNCHECKED = 50, 2**26
"""By which factor packed arrays may grow together; and up to how many bytes that is not checked, since blank images are
packed to very few."""

UNREADABLE = (
    OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""The exceptions for a file that is no npz archive, or is damaged, encrypted or packed in an unknown way."""


def shape_in(path: Path, name: str) -> tuple[tuple[int, ...], str]:
    """Shape and number format of an array, from its header alone.

    Args:
        path: the path of the npz file.
        name: the name of the array in the file.

    Raises:
        KeyError: if there is no such array.
        OSError, ValueError: these and others of ``UNREADABLE``, if the file is no npz file.
    """
    with zipfile.ZipFile(path) as archive:
        shape, dtype = _header(archive, name)
    return shape, str(dtype)


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    from numpy.lib import format as npy

    with archive.open(f"{name}.npy") as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
    return shape, dtype


def read_array(path: Path, name: str) -> NDArray[Any]:
    """An array of an npz file.

    Args:
        path: the path of the npz file.
        name: the name of the array in the file.

    Raises:
        KeyError: if there is no such array.
        OSError, ValueError: these and others of ``UNREADABLE``, if the file is no npz file, or declares more than it
            holds.
    """
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        total, size = sum(info.file_size for info in archive.infolist()), path.stat().st_size
        if total > max(UNCHECKED, MOST_EXPANSION * size):
            raise ValueError(f"it has {size:,} bytes and would unpack to {total:,}")
        shape, dtype = _header(archive, name)
        held = archive.getinfo(f"{name}.npy").file_size
        if dtype.hasobject or math.prod(shape) * dtype.itemsize > held:
            raise ValueError(f"{name} would be of shape {shape}, and it holds {held:,} bytes of it")
    with np.load(path, allow_pickle=False) as file:
        found: NDArray[Any] = file[name]
        return found
