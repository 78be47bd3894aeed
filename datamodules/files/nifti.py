"""Reading NIfTI volumes, whose headers are read by nibabel, and writing them.

The header is checked before any memory is taken for voxels: a packed file may declare anything. The format:
https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h.
"""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.grid import PLACE, Grid, check_count, checked
from datamodules.files.images import DEFLATED, missing, refused_by_system, unreadable
from datamodules.files.kinds import AGAIN
from specs.errors import DataError
from specs.files import no_file, replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZES = {348: b"n+1\0", 540: b"n+2\0"}
"""The bytes of the headers of NIfTI-1 and NIfTI-2, and how the name of the format in them begins where the voxels are
in the same file."""

FARTHEST = 2**24
"""The place of the first voxel in a file, in bytes, at most; what stands before it is not read."""

TO_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""How many mm the units of length are: unknown (mm are meant), m, mm and µm."""

PACKED = b"\x1f\x8b"
"""The first bytes of a file that is packed by gzip."""

UNNAMED = "Write each volume as a file of its own or, where the fourth axis holds channels, name them."

AS_MANY = "Name as many channels as the file has, or give each channel a file of its own."

BEGINNING = 2**16
"""How many bytes of a packed file are read for its header."""


@dataclass(frozen=True, eq=False)
class Nifti:
    """A NIfTI file whose header has been read and checked.

    Attributes:
        path: the path of the file.
        header: the header as nibabel has it.
        grid: the voxels and their places.
        channels: how many values each voxel has, along the axes beyond the third.
        dimensions: the sizes of all axes as the header has them.
        dtype: the number format of the stored values.
        start: the place of the first voxel in the unpacked file, in bytes.
    """

    path: Path
    header: Any
    grid: Grid
    channels: int
    dimensions: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int


def opened_nifti(path: Path, channels: int = 1) -> Nifti:
    """Read and check the header of a NIfTI file, packed by gzip or not.

    The matrix is that of the sform or, without one, of the qform; a file that has neither is refused.

    Args:
        path: the path of the file.
        channels: the number of values that each voxel is to have; several lie along the fourth axis.

    Raises:
        DataError: names the file if it is missing, of another number of channels, of another kind, or larger than it
            can be.
    """
    if odd := no_file(path):
        raise unreadable(path, f"it is {odd}", "Leave it out.")
    try:
        return _opened(path, channels)
    except FileNotFoundError as error:
        raise missing(path) from error
    except DataError:
        raise
    except OSError as error:
        raise (refused_by_system(path, error) if error.errno else unreadable(path, error)) from error
    except Exception as error:  # nibabel and zlib document no common error for damaged files
        raise unreadable(path, f"its header cannot be read ({error})") from error


def _opened(path: Path, channels: int) -> Nifti:
    import nibabel

    start = _beginning(path)
    sizes = {int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")} & set(SIZES)
    if len(sizes) != 1:
        raise unreadable(path, "by its content it is no NIfTI file")
    size = sizes.pop()
    place = 344 if size == 348 else 4
    if (name := start[place : place + 4]) != SIZES[size]:
        apart = name[:2] == b"ni"
        raise unreadable(
            path,
            "its voxels are in another file" if apart else "its header does not say that it is NIfTI",
            "Save image and header as one file, .nii or .nii.gz.",
        )
    header: Any = (nibabel.Nifti1Header if size == 348 else nibabel.Nifti2Header)(start[:size], check=False)
    used = int(header["dim"][0])
    dimensions = tuple(int(one) for one in header["dim"][1 : used + 1]) if 2 <= used <= 7 else ()
    further = dimensions[3:]
    if len(dimensions) < 2 or min(further, default=1) < 1 or math.prod(further) != channels:
        shown = " x ".join(map(str, dimensions)) or f"{used} axes"
        expected = "one volume of three axes" if channels == 1 else f"{channels} channels along a fourth axis"
        raise unreadable(path, f"it declares {shown}; expected {expected}", UNNAMED if channels == 1 else AS_MANY)
    shape = (*dimensions, 1)[:3]
    check_count(path, shape, channels)
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise unreadable(path, f"its voxels are {dtype}; expected one number each", "Write it as numbers.")
    first = float(header["vox_offset"])
    if not 0 <= first <= FARTHEST:
        raise unreadable(path, f"its header says that its voxels begin at byte {first:g}")
    begin = int(first) or size + 4
    _check_held(path, begin + math.prod(shape) * channels * dtype.itemsize)
    return Nifti(path, header, checked(path, shape, _affine(path, header)), channels, dimensions, dtype, begin)


def _affine(path: Path, header: Any) -> NDArray[np.float64]:
    """The matrix (4, 4) from numbers of voxels to mm (RAS)."""
    import numpy as np

    if header["sform_code"] > 0:
        found = header.get_sform()
    elif header["qform_code"] > 0:
        found = header.get_qform()
    else:
        raise unreadable(path, "its header does not say how it is oriented (its sform and qform are not set)", PLACE)
    scale = TO_MM.get(int(header["xyzt_units"]) & 7)
    if scale is None:
        raise unreadable(path, "its header gives lengths in an unknown unit", PLACE)
    affine: NDArray[np.float64] = np.array(found, np.float64)
    affine[:3] *= scale
    return affine


def _check_held(path: Path, needed: int) -> None:
    """Refuse a file that declares more bytes than it holds or, packed, than it can unpack to."""
    with path.open("rb") as file:
        packed = file.read(2) == PACKED
    held = path.stat().st_size
    if needed > held * (DEFLATED if packed else 1):
        raise unreadable(path, f"its header declares {needed:,} bytes, more than it can hold")


def nifti_values(opened: Nifti) -> NDArray[Any]:
    """The values of the voxels, (X, Y, Z), or (X, Y, Z, C) of several channels: as stored, or scaled by the header.

    Raises:
        DataError: if the file is damaged or ends too early.
    """
    import numpy as np

    path, shape = opened.path, (*opened.grid.shape, *([opened.channels] if opened.channels > 1 else []))
    needed = math.prod(shape) * opened.dtype.itemsize
    try:
        held = _bytes(path, opened.start, needed)
    except OSError as error:
        raise (refused_by_system(path, error) if error.errno else unreadable(path, error)) from error
    except zlib.error as error:
        raise unreadable(path, f"its packed bytes are damaged ({error})") from error
    if len(held) < needed:
        raise unreadable(path, f"it ends after {len(held):,} of {needed:,} bytes of voxels")
    values: NDArray[Any] = np.frombuffer(held, opened.dtype, math.prod(shape)).reshape(shape, order="F")
    if not opened.dtype.isnative:
        values = values.astype(opened.dtype.newbyteorder("="))
    slope, intercept = float(opened.header["scl_slope"]), float(opened.header["scl_inter"])
    if slope == 0 or not math.isfinite(slope) or (slope, intercept) == (1.0, 0.0):
        return values  # by the standard, a slope of 0 says that there is none
    if not math.isfinite(intercept):
        raise unreadable(path, f"its header scales values by {slope:g} and adds {intercept:g}", AGAIN)
    whole = np.dtype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    scaled: NDArray[Any] = values.astype(whole) * whole.type(slope) + whole.type(intercept)
    return scaled


def _bytes(path: Path, start: int, count: int) -> memoryview:
    """Some bytes of a file that may be packed, from a place on; fewer where it ends."""
    with path.open("rb") as file:
        if file.read(2) != PACKED:
            file.seek(start)
            return memoryview(file.read(count))
    # One byte more than is needed makes zlib compare the checksum at the end of a file that is as long as it says.
    return memoryview(_inflated(path.read_bytes(), start + count + 1))[start : start + count]


def _inflated(packed: bytes, most: int) -> bytes:
    """What a gzip file of one or several members unpacks to, up to a number of bytes.

    Raises:
        OSError: if it ends within a member.
    """
    parts, have = [], 0
    while packed.lstrip(b"\0") and have < most:
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        rest = packed
        while have < most and not stream.eof:
            part = stream.decompress(rest, most - have)
            rest = stream.unconsumed_tail
            if not part and not stream.eof:
                raise OSError("its packed bytes end too early")
            parts.append(part)
            have += len(part)
        packed = stream.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _beginning(path: Path) -> bytes:
    """The first bytes of a file, unpacked, enough for a header."""
    with path.open("rb") as file:
        start = file.read(BEGINNING)
    if start[:2] == PACKED:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(start, max(SIZES))
    return start[: max(SIZES)]


def write_nifti(path: Path, values: NDArray[Any], affine: NDArray[np.float64], like: Nifti | None = None) -> None:
    """Write a volume as NIfTI-1, or in the geometry of another file, whole or not at all; packed if its name says so.

    Args:
        path: the path of the file, which ends in ``.nii`` or ``.nii.gz``.
        values: the values of the voxels, (X, Y, Z), or (X, Y, Z, C) of several channels.
        affine: the matrix (4, 4) from numbers of voxels to mm (RAS).
        like: the file of the same voxels whose axes, matrices, codes and units are taken over instead of ``affine``;
            None: there is none.
    """
    import nibabel

    if like is None:
        image = nibabel.Nifti1Image(values, affine)
        image.set_qform(affine, code=1, strip_shears=True)
        image.set_sform(affine, code=1)
        image.header.set_xyzt_units("mm")
    else:
        header = like.header.copy()
        header["scl_slope"], header["scl_inter"] = 1, 0
        kind = nibabel.Nifti2Image if int(header["sizeof_hdr"]) == 540 else nibabel.Nifti1Image
        dimensions = like.dimensions if like.channels == 1 else like.grid.shape  # a mask has no channels
        image = kind(values.reshape(dimensions, order="F"), None, header)
    image.set_data_dtype(values.dtype)
    content = image.to_bytes()
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(content, 6, mtime=0) if path.name.endswith(".gz") else content)
