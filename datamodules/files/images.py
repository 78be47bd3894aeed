"""Reading the image files of datasets, with errors that name the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specs.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image


FORMATS = ("PNG", "JPEG", "TIFF", "GIF")
"""What is read, by content and whatever a file is called: each further decoder is one more that a file may attack."""

MOST_PIXELS = 2**28
"""Of an image, 16,384 x 16,384: 0.8 GB in color. Of a compressed file the size says nothing about that."""

FEWEST_SHOWN = 1e-3
"""Share of the pixels of a floating-point image, but more than one, that has to differ from the others in 8 bits."""


class UnsuitedError(ValueError):
    """An image that is whole, but whose values make no picture."""


def read_gray(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W) uint8, upright.

    It is turned as its orientation tag says. Color and transparency are turned to luminance (ITU-R 601-2, transparency
    ignored); of more than 8 bits, the image's own range is stretched to 0..255, since such files use an unknown part of
    theirs.

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


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of any number format with their own range stretched to 0..255; 0 where all are equal.

    What is not a number is 0 too: programs write it where nothing was measured.

    Raises:
        UnsuitedError: if a value is infinite, none is a number, or a single one is so far from all others that these
            would be equal.
    """
    import numpy as np

    exact = values.astype(np.float64)
    measured = exact[~np.isnan(exact)]
    if not measured.size or np.isinf(measured).any():
        raise UnsuitedError("none of its values is a number" if not measured.size else "it has infinite values")
    low, high = float(measured.min()), float(measured.max())
    scaled = (exact - low) * (255 / max(high - low, 1e-12))
    pixels: NDArray[np.uint8] = np.rint(np.nan_to_num(scaled)).astype(np.uint8)
    if values.dtype.kind == "f" and high > low:
        most = int(np.bincount(pixels.ravel()).max())
        if pixels.size - most <= max(1, FEWEST_SHOWN * pixels.size) and np.unique(measured).size > 2:
            raise UnsuitedError(
                f"its values reach from {low:g} to {high:g}, and {most:,} of its {pixels.size:,} pixels would be equal"
            )
    return pixels


@contextmanager
def opened_image(path: Path) -> Iterator[Image.Image]:
    """An image file of a known format, upright as its orientation tag says, while it is open.

    Raises:
        DataError: names the file if it is missing or unreadable; also of what is raised while it is open.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # MOST_PIXELS is asked instead, with a message that says what to do
    try:
        with Image.open(path, formats=FORMATS) as image:
            if (size := image.width * image.height) > MOST_PIXELS:
                raise unreadable(
                    path,
                    f"it has {image.width:,} x {image.height:,} pixels, {size / MOST_PIXELS:.1f} times as many as are "
                    "read",
                    "Make it smaller.",
                )
            yield ImageOps.exif_transpose(image)
    except FileNotFoundError as error:
        raise DataError(f"the image {path} is missing. Complete the dataset's folder.") from error
    except UnidentifiedImageError as error:
        known = f"by its content it is none of {', '.join(FORMATS)}, and no DICOM file"
        raise unreadable(path, known, "Convert it, or fetch it again if it should be one.") from error
    except UnsuitedError as error:
        raise unreadable(path, error, "Convert it to 8 or 16 bits, or leave it out.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise unreadable(path, error) from error


def _read(path: Path, mode: str) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    with opened_image(path) as image:
        if image.mode.startswith(("I", "F")):
            return np.asarray(Image.fromarray(stretched(np.asarray(image))).convert(mode), dtype=np.uint8)
        return np.asarray(image.convert(mode), dtype=np.uint8)


def unreadable(path: Path, why: object, remedy: str = "Fetch it again.") -> DataError:
    """The error for a file that is there and cannot be read."""
    size = path.stat().st_size if path.is_file() else 0
    return DataError(f"the image {path} ({size} bytes) cannot be read: {why}. {remedy}")


def content_digest(paths: Iterable[Path]) -> str:
    """The sha256 over the bytes of files, in the order given; names do not enter."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
