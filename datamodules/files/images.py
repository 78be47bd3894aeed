"""Reading the image files of datasets, with errors that name the file."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datamodules.files.bounded import Bounded
from datamodules.files.kinds import AGAIN, seems
from datamodules.files.stored import Stored, UnsuitedError, stored, why_unknown
from specs.errors import DataError
from specs.files import no_file
from specs.quoting import LONGEST_PATH, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image


FORMATS = ("PNG", "JPEG", "TIFF", "GIF")
"""The formats that are read, told by content and not by name; every further decoder could be attacked by a file."""

MOST_PIXELS = 2**28
"""How many pixels an image may have, 16,384 x 16,384 (0.8 GB in color); the size of a compressed file does not tell."""

DEFLATED = 1032
"""How many bytes a byte of deflated data becomes, at most (https://www.zlib.net/zlib_tech.html)."""

COUNTED = 100
"""How many frames of a file are counted, at most, since each costs time."""

NEW_SUBFILE, REDUCED = 254, 1
"""The TIFF tag NewSubfileType, and its bit for an image that is a smaller copy of another (TIFF 6.0, section 8)."""

FEWEST_SHOWN = 1e-3
"""The share of pixels, and more than one, of a floating-point image that must differ from the others in 8 bits."""


def read_gray(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W) uint8, upright.

    It is turned as its orientation tag says. Color and transparency are turned to luminance (ITU-R 601-2, transparency
    ignored); of more than 8 bits, or signed, the image's own range is stretched to 0..255, in color that of all
    channels together, since such files use an unknown part of theirs.

    Raises:
        DataError: names the file if it is missing or unreadable, or no picture can be made of its values.
    """
    return _read(path, "L")


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W, 3) uint8; turned and converted as by ``read_gray``.

    Raises:
        DataError: names the file if it is missing or unreadable, or no picture can be made of its values.
    """
    return _read(path, "RGB")


def read_four(path: Path) -> NDArray[np.uint8]:
    """The four channels of an image file as it stores them, (H, W, 4) uint8, upright.

    The fourth is read like the others, whatever the file calls it: transparency, or nothing. Of more than 8 bits, the
    range of all four together is stretched to 0..255.

    Raises:
        DataError: names the file if it is missing or unreadable, or holds another number of channels, or inks.
    """
    import numpy as np

    with opened_image(path) as found:
        values = found.values
        if values.ndim != 3 or values.shape[2] != 4 or found.image.mode == "CMYK":
            held = "one channel" if values.ndim < 3 else f"{values.shape[2]} channels"
            what = "the four inks of a print (CMYK)" if found.image.mode == "CMYK" else held
            raise unreadable(path, f"it has {what}; expected four channels", "Read it with channels=3 or channels=1.")
        pixels = values if values.dtype == np.uint8 else stretched(values)
        return np.ascontiguousarray(found.upright(pixels))


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of any number format with their own range stretched to 0..255; 0 where all are equal.

    What is not a number is 0 too: programs write it where nothing was measured.

    Raises:
        UnsuitedError: if a value is infinite, or none is a number.
    """
    import numpy as np

    exact = values.astype(np.float64)
    measured = exact[~np.isnan(exact)]
    if not measured.size or np.isinf(measured).any():
        raise UnsuitedError("none of its values is a number" if not measured.size else "it has infinite values")
    low, high = float(measured.min()), float(measured.max())
    scaled = (exact - low) * (255 / max(high - low, 1e-12))
    pixels: NDArray[np.uint8] = np.rint(np.nan_to_num(scaled)).astype(np.uint8)
    return pixels


@contextmanager
def opened_image(path: Path) -> Iterator[Stored]:
    """Open an image file of a known format, and give what it stores.

    Raises:
        DataError: names the file if it is missing or unreadable, or holds several pictures; also of what is raised
            while it is open.
    """
    from PIL import Image, UnidentifiedImageError

    if odd := no_file(path):
        raise unreadable(path, f"it is {odd}", "Leave it out.")
    warnings.filterwarnings("ignore", "Corrupt EXIF data", module="PIL")  # images with such tags are not turned
    Image.MAX_IMAGE_PIXELS = None  # MOST_PIXELS is checked instead, by an error that says what to do
    try:
        # Given a path, Pillow 13 maps uncompressed TIFF files, and garbles one whose tag says a quarter turn.
        with Bounded(path) as file, Image.open(file, formats=FORMATS) as image:
            if (size := image.width * image.height) > MOST_PIXELS:
                raise unreadable(
                    path,
                    f"it has {image.width:,} x {image.height:,} pixels, {size / MOST_PIXELS:.1f} times as many as are "
                    "read",
                    "Make it smaller.",
                )
            if image.format == "PNG" and size > 8 * DEFLATED * path.stat().st_size:
                raise unreadable(path, f"it declares {size:,} pixels, more than its bytes can hold")
            if (count := _frames(image)) > 1:
                raise unreadable(
                    path,
                    f"it has {'more than ' if count > COUNTED else ''}{min(count, COUNTED)} frames; expected one",
                    "Write each frame that counts as a file of its own.",
                )
            yield stored(image, path)
    except FileNotFoundError as error:
        raise missing(path) from error
    except UnidentifiedImageError as error:
        raise _unknown(path) from error
    except UnsuitedError as error:
        raise unreadable(path, error, "Convert it to 8 or 16 bits, or leave it out.") from error
    except (DataError, MemoryError):
        raise
    except OSError as error:
        raise (refused_by_system(path, error) if error.errno else unreadable(path, error)) from error
    except Exception as error:  # Pillow documents no common error for broken files
        raise unreadable(path, error) from error


def _unknown(path: Path) -> DataError:
    """The error for a file of none of the formats, or of a variant of one that Pillow does not read."""
    if why := why_unknown(path):
        return unreadable(path, why, "Save it as PNG, or fetch it again if that is what it should be.")
    expected = ", ".join(FORMATS)
    if known := seems(path):
        what, remedy = known
        return unreadable(path, f"by its content it is {what}; expected {expected} or DICOM", remedy)
    return unreadable(
        path,
        f"by its content it is none of {expected}, and no DICOM file",
        "Convert it, or fetch it again if it should be one.",
    )


def _frames(image: Image.Image) -> int:
    """How many pictures a file holds, at most one more than ``COUNTED``.

    A JPEG file of several pictures (CIPA DC-007) shows its first one, beside which cameras put previews; and a smaller
    copy in a TIFF file, such as a preview or a level of a pyramid, is none either.
    """
    if image.format in ("PNG", "GIF"):  # counted without decoding: a later frame of a GIF file may declare any size
        return int(getattr(image, "n_frames", 1))
    count, place = 1, 1
    if image.format == "TIFF":
        with suppress(EOFError):
            while count <= COUNTED and place < 2 * COUNTED:
                image.seek(place)
                count += not int(getattr(image, "tag_v2", {}).get(NEW_SUBFILE, 0)) & REDUCED
                place += 1
        image.seek(0)
    return count


def _read(path: Path, mode: str) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    with opened_image(path) as found:
        image, values = found.image, found.values
        if values.dtype not in (np.uint8, np.bool_):
            pixels = stretched(values[..., :3] if values.ndim == 3 else values)
            if image.mode == "F":
                _check_shown(values, pixels)
            image = Image.fromarray(255 - pixels if found.white_is_zero and values.ndim == 2 else pixels)
        elif image.mode == "LAB":
            image = image.convert("RGB")  # Pillow cannot convert it to gray directly
        return np.ascontiguousarray(found.upright(np.asarray(image.convert(mode), dtype=np.uint8)))


def _check_shown(values: NDArray[Any], pixels: NDArray[np.uint8]) -> None:
    """Refuse floats with an outlier so large that all other values would be equal once stretched to pixels.

    Raises:
        UnsuitedError: says how far they reach.
    """
    import numpy as np

    shown = np.unique(values[~np.isnan(values)])
    most = int(np.bincount(pixels.ravel()).max())
    if len(shown) > 2 and pixels.size - most <= max(1, FEWEST_SHOWN * pixels.size):
        raise UnsuitedError(
            f"its values reach from {shown[0]:g} to {shown[-1]:g}, and {most:,} of its {pixels.size:,} pixels would be "
            "equal"
        )


def unreadable(path: Path, why: object, remedy: str = AGAIN) -> DataError:
    """The error for a file that is there and cannot be read."""
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError:  # its folder may not be looked into
        size = 0
    shown = plain(path, LONGEST_PATH)
    return DataError(f"the image {shown} ({size} bytes) cannot be read: {plain(why, 400)}. {remedy}")


def missing(path: Path) -> DataError:
    """The error for a file that is not there, or for a link that leads to none."""
    shown = plain(path, LONGEST_PATH)
    if path.is_symlink():
        return DataError(f"the image {shown} is a link that leads to no file. Mend the link, or leave it out.")
    return DataError(f"the image {shown} is missing. Complete the dataset's folder.")


def refused_by_system(path: Path, error: OSError) -> DataError:
    """The error for a file that the operating system refuses to read."""
    return unreadable(path, error.strerror, "Mend the permission, the link or the disk, or leave it out.")


def content_digest(paths: Iterable[Path]) -> str:
    """The sha256 over the bytes of files, in the order given; names do not enter."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
