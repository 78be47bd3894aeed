"""The values that an image file stores, where Pillow gives others: it shortens some and misreads the signs of some."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from datamodules.files.decoder_messages import decoder_messages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

ORIENTATION, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, FORMAT = 0x0112, 258, 259, 262, 277, 339
"""The numbers of the orientation tag, and of TIFF's tags BitsPerSample, Compression, PhotometricInterpretation,
SamplesPerPixel and SampleFormat (TIFF 6.0)."""

USUAL = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)
"""TIFF's numbers of the compressions that every build of Pillow reads: none, CCITT, LZW, JPEG, deflate and PackBits."""

UNSIGNED, SIGNED = 1, 2
"""The values of the tag SampleFormat for whole numbers (TIFF 6.0, section 19)."""

FORMATS = {1: "whole numbers", 2: "signed numbers", 3: "floats", 5: "complex numbers", 6: "complex floats"}
"""The values of the tag SampleFormat, in words."""


class UnsuitedError(ValueError):
    """An image that is whole, but of whose values no picture or mask can be made."""


class Stored(NamedTuple):
    """What an image file stores: its values, and how they are to be shown.

    Attributes:
        image: the image as Pillow has it, not turned; of colors with more than 8 bits it holds the highest 8 of each.
        values: the stored values, (H, W) or (H, W, C), not turned; transparency is the last channel where the mode has
            it.
        white_is_zero: whether the file says that 0 is white; values of at most 8 bits Pillow has inverted already.
        orientation: the orientation tag, 1 to 8, which says how the image is turned (EXIF 2.32, 4.6.5.1).
    """

    image: Image
    values: NDArray[Any]
    white_is_zero: bool
    orientation: int

    def upright(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels of the image, (H, W) or (H, W, C), turned as its orientation tag says."""
        by_tag = {
            2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1], 5: pixels.swapaxes(0, 1),
            6: pixels.swapaxes(0, 1)[:, ::-1], 7: pixels.swapaxes(0, 1)[::-1, ::-1], 8: pixels.swapaxes(0, 1)[::-1],
        }  # fmt: skip
        return by_tag.get(self.orientation, pixels)


def stored(image: Image, path: Path) -> Stored:
    """The values of an opened PNG, JPEG, TIFF or GIF file, which is loaded by this.

    Raises:
        OSError: if its data are damaged.
        UnsuitedError: if it has colors of more than 8 bits, and they cannot be read in full.
    """
    import numpy as np

    tags: Any = getattr(image, "tag_v2", {})
    bits, kind, white_is_zero = (
        _first(tags.get(BITS, 8)),
        _first(tags.get(FORMAT, UNSIGNED)),
        tags.get(PHOTOMETRIC) == 0,
    )
    shortened = not image.mode.startswith(("I", "F")) and (bits > 8 or ";16" in _rawmode(image))
    try:
        _load(image)  # loading, Pillow turns TIFF images upright by itself, and drops the tag
    except OSError as error:
        if tags.get(COMPRESSION, 1) in USUAL:
            raise
        name = image.info.get("compression")
        raise UnsuitedError(f"its compression ({name}) is not read, or it is damaged") from error
    values = np.asarray(image)
    if shortened:
        values = _whole(values, path)
    elif image.mode == "L" and bits == 8 and kind == SIGNED:
        values = values.view(np.int8)
    elif image.mode == "I" and bits == 32 and kind == UNSIGNED:
        values = values.view(np.uint32)
    return Stored(image, values, white_is_zero, _orientation(image))


def _load(image: Image) -> None:
    """Decode an image.

    Raises:
        OSError: if its data are damaged, also where libtiff says so and goes on.
    """
    if image.format != "TIFF":
        image.load()
        return
    with decoder_messages() as messages:
        image.load()
    if messages:
        raise OSError(f"its data are damaged ({messages[0]})")


def why_unknown(path: Path) -> str | None:
    """Why a TIFF or JPEG file cannot be read, in words; None if it is neither.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(16)
        if start.startswith(b"\xff\xd8\xff"):
            file.seek(2)
            return f"it is a JPEG file {_jpeg_words(file)}"
        if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return f"it is a TIFF file {_tiff_words(file, start)}"
    return None


def _jpeg_words(file: BinaryIO) -> str:
    """What keeps a JPEG file from being read, from its first marker on (ISO/IEC 10918-1, B.1.1.3)."""
    damaged = "that is cut or damaged"
    while len(head := file.read(5)) == 5:
        _, marker, length, precision = struct.unpack(">BBHB", head)
        if marker in (0xC3, 0xC7, 0xCB, 0xCF):
            return "without loss, as in DICOM, which is not read"
        if marker == 0xF7:
            return "of JPEG-LS, which is not read"
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return damaged if precision == 8 else f"of {precision} bits, which is not read"
        file.seek(length - 3, os.SEEK_CUR)
    return damaged


def _tiff_words(file: BinaryIO, start: bytes) -> str:
    """What keeps a TIFF file that begins like this from being read."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    try:
        tags: Any = ImageFileDirectory_v2(start if b"+" in start[2:4] else start[:8])
        file.seek(tags.next)
        tags.load(file)
        count, bits, kind = tags.get(SAMPLES, 1), _first(tags.get(BITS, 1)), _first(tags.get(FORMAT, UNSIGNED))
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, struct.error):  # what Pillow raises of odd tags
        return "that is cut or damaged"
    each = "one value" if count == 1 else f"{count} values"
    return f"that is damaged or of a kind that is not read: {each} a pixel, {FORMATS.get(kind, kind)} of {bits} bits"


def _first(of: Any) -> int:
    """The number in a tag, or the first one where it has one per channel."""
    return int(of[0] if isinstance(of, tuple) else of)


def _rawmode(image: Image) -> str:
    """How Pillow unpacks the pixels of a file that is not loaded yet, such as ``RGB;16B``; empty without pixels."""
    tile = next(iter(getattr(image, "tile", ())), None)
    args = tile[3] if tile else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def _whole(highest: NDArray[np.uint8], path: Path) -> NDArray[np.uint16]:
    """Colors of 16 bits, read by OpenCV since Pillow gives the highest 8 bits only; the two must agree on these.

    Args:
        highest: the highest 8 bits of each value as Pillow has them, (H, W, C).
        path: the path of the image file, which OpenCV reads again.

    Raises:
        UnsuitedError: if OpenCV does not read them, or others.
    """
    import cv2
    import numpy as np

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    found: Any = None
    try:
        found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pass  # as if it had returned None
    finally:
        cv2.utils.logging.setLogLevel(level)
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        raise UnsuitedError("its colors have more than 8 bits and cannot be read in full")
    values: NDArray[np.uint16] = found[..., [2, 1, 0, *range(3, found.shape[2])]]  # OpenCV has blue first
    if values.shape != highest.shape or not np.array_equal(values >> 8, highest):
        raise UnsuitedError("its colors have more than 8 bits, and two programs read them differently")
    return values


def _orientation(image: Image) -> int:
    """The orientation tag of a loaded image; 1 (not turned) where it has none, or one that cannot be read."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except (SyntaxError, ValueError, KeyError, TypeError, struct.error):  # what Pillow raises of broken tags
        return 1
