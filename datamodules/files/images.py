"""Reading the image files of datasets, with errors that name the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specs.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_gray(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W) uint8.

    Color and transparency are turned to luminance (ITU-R 601-2, transparency ignored); of more than 8 bits, the
    image's own range is stretched to 0..255, since such files use an unknown part of theirs.

    Raises:
        DataError: names the file if it is missing or unreadable.
    """
    return _read(path, "L")


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W, 3) uint8; converted as ``read_gray`` converts.

    Raises:
        DataError: names the file if it is missing or unreadable.
    """
    return _read(path, "RGB")


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of any number format with their own range stretched to 0..255; 0 where all are equal."""
    import numpy as np

    exact = values.astype(np.float64)
    low, high = exact.min(), exact.max()
    pixels: NDArray[np.uint8] = np.rint((exact - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    return pixels


def _read(path: Path, mode: str) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                return np.asarray(Image.fromarray(stretched(np.asarray(image))).convert(mode), dtype=np.uint8)
            return np.asarray(image.convert(mode), dtype=np.uint8)
    except FileNotFoundError as error:
        raise DataError(f"the image {path} is missing. Complete the dataset's folder.") from error
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, why: object) -> DataError:
    """The error for a file that is there and cannot be read."""
    size = path.stat().st_size if path.is_file() else 0
    return DataError(f"the image {path} ({size} bytes) cannot be read: {why}. Fetch it again.")


def content_digest(paths: Iterable[Path]) -> str:
    """The sha256 over the bytes of files, in the order given; names do not enter."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
