"""Reading MetaImage (.mha) and NRRD (.nrrd) volumes by SimpleITK, where the voxels are in the file itself.

Headers of both kinds may name other files, anywhere on the machine: they are read here first, and such a file is
refused. The formats: https://docs.itk.org/en/latest/learn/metaio.html and https://teem.sourceforge.net/nrrd/format.html.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.decoder_messages import decoder_messages
from datamodules.files.grid import ONE, PLACE, Grid, check_count, checked
from datamodules.files.images import DEFLATED, missing, refused_by_system, unreadable
from specs.errors import DataError
from specs.files import no_file, replacing
from specs.quoting import names, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_HEADER = 2**16
"""How many bytes a header may have, at most."""

WITHIN = "Save header and voxels as one file."

SPACES = frozenset((
    "right-anterior-superior", "ras", "left-anterior-superior", "las", "left-posterior-superior", "lps",
))  # fmt: skip
"""The spaces of NRRD that ITK tells apart, in small letters."""

NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")
"""A number as headers write it."""

META = {
    "NDims": (1, True), "DimSize": (3, True), "ElementSpacing": (3, True), "TransformMatrix": (9, True),
    "Offset": (3, False), "Position": (3, False), "Origin": (3, False), "CenterOfRotation": (3, False),
    "ElementSize": (3, False), "ElementNumberOfChannels": (1, False), "HeaderSize": (1, False),
    "CompressedDataSize": (1, False), "Rotation": (9, False), "Orientation": (9, False),
}  # fmt: skip
"""How many numbers a field of a MetaImage header of three axes holds, and whether it has to be there."""

META_NAMES = frozenset((
    *META, "ObjectType", "ObjectSubType", "BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB",
    "CompressedData", "AnatomicalOrientation", "ElementType", "ElementDataFile", "Comment", "Name", "Modality",
    "Orientation", "Rotation", "ElementMin", "ElementMax", "ElementToIntensityFunctionSlope",
    "ElementToIntensityFunctionOffset", "ITK_InputFilterName", "ITK_original_spacing", "ITK_original_direction",
    "CompressionLevel", "DistanceUnits", "Color",
))  # fmt: skip
"""The fields of MetaImage headers that programs write; others are refused."""

NRRD = {
    "dimension": (1, True), "sizes": (3, True), "spaceorigin": (3, False), "spacedirections": (9, False),
    "measurementframe": (9, False), "oldmin": (1, False), "oldmax": (1, False), "min": (1, False), "max": (1, False),
    "number": (1, False), "spacedimension": (1, False),
}  # fmt: skip
"""How many numbers a field of an NRRD header of three axes holds, and whether it has to be there."""

NRRD_NAMES = frozenset((
    *NRRD, "type", "space", "endian", "encoding", "kinds", "centers", "centerings", "labels", "units", "spaceunits",
    "sampleunits", "content", "thicknesses", "spacings",
))  # fmt: skip
"""The fields of NRRD headers that programs write, without blanks; others are refused."""

LONGEST_FIELD = 200
"""How many characters a field of an NRRD header without numbers may have: teem copies longer ones into messages that
reach beyond their memory."""

TO_RAS = (-1.0, -1.0, 1.0)
"""The signs that turn ITK's directions, from right to left and from front to back, into ours."""


def itk_grid(path: Path) -> Grid:
    """The grid of a MetaImage or NRRD file, from its header alone.

    Raises:
        DataError: names the file if it is missing or damaged, refers to other files, has several numbers a voxel, or
            does not say how it is oriented.
    """
    return _read(path, voxels=False)[1]


def itk_values(path: Path) -> tuple[NDArray[Any], Grid]:
    """The stored values of a MetaImage or NRRD file, (X, Y, Z), and their grid.

    Raises:
        DataError: as ``itk_grid``.
    """
    return _read(path, voxels=True)


def write_itk(path: Path, values: NDArray[Any], affine: NDArray[np.float64]) -> None:
    """Write a small volume as MetaImage or NRRD, by the ending of its name; for phantom editions.

    Args:
        path: the path of the file.
        values: the values of the voxels, (X, Y, Z).
        affine: the matrix (4, 4) from numbers of voxels to mm (RAS), whose axes are at right angles.
    """
    import numpy as np
    import SimpleITK

    image, sides = SimpleITK.GetImageFromArray(values.T), np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(sides.tolist())
    image.SetDirection((np.diag(TO_RAS) @ affine[:3, :3] / sides).ravel().tolist())
    image.SetOrigin((np.array(TO_RAS) * affine[:3, 3]).tolist())
    with replacing(path) as temporary:
        named = temporary.with_name(temporary.name + path.suffix)
        SimpleITK.WriteImage(image, str(named), useCompression=True)
        named.rename(temporary)


def _read(path: Path, voxels: bool) -> tuple[NDArray[Any], Grid]:
    if odd := no_file(path):
        raise unreadable(path, f"it is {odd}", "Leave it out.")
    try:
        with path.open("rb") as file:
            start = file.read(LONGEST_HEADER)
        nrrd = start.startswith(b"NRRD")
        packed = _check_nrrd(path, start) if nrrd else _check_meta(path, start)
        with decoder_messages() as messages:
            found = _by_itk(path, "NrrdImageIO" if nrrd else "MetaImageIO", packed, voxels)
        if messages:
            raise unreadable(path, f"its data are damaged ({plain(messages[0], 200)})")
        return found
    except FileNotFoundError as error:
        raise missing(path) from error
    except DataError:
        raise
    except OSError as error:
        raise (refused_by_system(path, error) if error.errno else unreadable(path, error)) from error
    except RuntimeError as error:  # what SimpleITK raises of everything
        told = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Reason: ")]
        why = told[-1:] or ["it is damaged"]
        raise unreadable(path, plain(why[0], 200)) from error


def _by_itk(path: Path, kind: str, packed: bool, voxels: bool) -> tuple[NDArray[Any], Grid]:
    import numpy as np
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(kind)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    shape = tuple(int(size) for size in reader.GetSize())
    check_count(path, shape)
    if reader.GetNumberOfComponents() != 1:
        raise unreadable(path, f"it has {reader.GetNumberOfComponents()} numbers a voxel; expected one", ONE)
    item = np.dtype(SimpleITK.GetArrayViewFromImage(SimpleITK.Image([1, 1, 1], reader.GetPixelID())).dtype).itemsize
    needed, held = math.prod(shape) * item, path.stat().st_size
    if needed > held * (DEFLATED if packed else 1):
        raise unreadable(path, f"its header declares {needed:,} bytes, more than it can hold")
    affine = np.eye(4)
    affine[:3, :3] = np.diag(TO_RAS) @ np.array(reader.GetDirection()).reshape(3, 3) @ np.diag(reader.GetSpacing())
    affine[:3, 3] = np.array(TO_RAS) * reader.GetOrigin()
    grid = checked(path, shape, affine)
    values: NDArray[Any] = np.empty((0, 0, 0))
    if voxels:
        values = SimpleITK.GetArrayFromImage(reader.Execute()).T
    return values, grid


def _check_numbers(path: Path, fields: Mapping[str, str], expected: Mapping[str, tuple[int, bool]]) -> None:
    """Refuse a header whose fields hold other numbers than ITK, which writes beyond its memory for some, expects.

    Args:
        path: the path of the file, for messages.
        fields: the fields of the header by name.
        expected: how many numbers a field holds, if it is there, and whether it has to be.
    """
    for name, (count, needed) in expected.items():
        if name not in fields and not needed:
            continue
        numbers = re.split(r"[\s,()]+", fields.get(name, "").strip(" ()"))
        if len(numbers) != count or not all(NUMBER.fullmatch(one) for one in numbers):
            said = f"{plain(fields[name])} as {name}" if name in fields else f"no {name}"
            raise unreadable(path, f"its header has {said}; expected {count} numbers", "Save it anew.")


def _check_meta(path: Path, start: bytes) -> bool:
    """Check the header of a MetaImage file, which ends with the place of its voxels; whether these are packed."""
    fields: dict[str, str] = {}
    for line in start.split(b"\n"):
        name, equals, value = line.decode("latin-1").partition("=")
        if not equals:
            break
        if name.strip() in fields:
            raise unreadable(path, f"its header has {plain(name.strip())} twice", "Save it anew.")
        fields[name.strip()] = value.strip()
        if name.strip() == "ElementDataFile":
            break
    if "ElementDataFile" not in fields:
        raise unreadable(path, "by its content it is neither MetaImage nor NRRD")
    if fields["ElementDataFile"] != "LOCAL":
        raise unreadable(path, f"its voxels are in another file ({plain(fields['ElementDataFile'])})", WITHIN)
    if lacking := [name for name in ("TransformMatrix", "ElementSpacing", "ElementType") if name not in fields]:
        raise unreadable(path, f"its header does not say how it is oriented: it lacks {', '.join(lacking)}", PLACE)
    _check_numbers(path, fields, META)
    order = list(fields)
    if early := [name for name in order[: order.index("NDims")] if name in META]:
        raise unreadable(path, f"its header has {early[0]} before NDims", "Save it anew.")
    if fields["NDims"] != "3":
        raise unreadable(path, f"its header says NDims = {plain(fields['NDims'])}; expected one volume of 3 axes", ONE)
    if unknown := sorted(set(fields) - META_NAMES):
        raise unreadable(path, f"its header has fields of no MetaImage: {names(unknown, 3)}", "Save it anew.")
    size = fields.get("CompressedDataSize", "0")
    if not size.isdecimal() or int(size[:20]) > path.stat().st_size:
        raise unreadable(path, f"its header declares {plain(size)} packed bytes, more than it can hold")
    return fields.get("CompressedData", "False").lower() in ("true", "1")


def _check_nrrd(path: Path, start: bytes) -> bool:
    """Check the header of an NRRD file, which ends with an empty line; whether its voxels are packed."""
    fields: dict[str, str] = {}
    for line in _nrrd_lines(path, start):
        found = re.fullmatch(r"([A-Za-z ]+): ?([ -~]*)", line)
        if found is None:
            raise unreadable(
                path, f"its header has a line that is no field of NRRD: {plain(line, 60)}", "Save it anew."
            )
        name = found[1].strip().lower().replace(" ", "")
        if name == "datafile":
            raise unreadable(path, f"its voxels are in another file ({plain(found[2])})", WITHIN)
        if name not in NRRD_NAMES or name in fields or (len(line) > LONGEST_FIELD and name not in NRRD):
            how = "twice" if name in fields else "of no NRRD" if name not in NRRD_NAMES else "too long"
            raise unreadable(path, f"its header has a field {how}: {plain(line, 60)}", "Save it anew.")
        fields[name] = found[2].strip()
    _check_numbers(path, fields, NRRD)
    encoding = fields.get("encoding", "").lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise unreadable(path, f"its voxels are encoded as {plain(encoding) or 'nothing'}; expected raw or gzip",
                         "Save it anew.")  # fmt: skip
    if fields.get("space", "").lower() not in SPACES or "spacedirections" not in fields:
        raise unreadable(path, "its header does not say how it is oriented (space, space directions)", PLACE)
    return encoding != "raw"


def _nrrd_lines(path: Path, start: bytes) -> Iterator[str]:
    """The lines of the header of an NRRD file that are fields, behind the first one, as teem tells lines apart."""
    for number, line in enumerate(start.decode("latin-1").split("\n")):
        line = line.removesuffix("\r")
        if not line:
            return
        if number and not line.startswith("#") and not re.match("[^:]*:=", line):  # a remark, or a key of a program
            yield line
    raise unreadable(path, "its header does not end", "Save it anew.")
