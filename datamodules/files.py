"""Reading the files of datasets, with errors that name the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from specs.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_gray(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W) uint8; color and transparency are turned to luminance."""
    return _read(path, "L")


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image file as (H, W, 3) uint8."""
    return _read(path, "RGB")


def _read(path: Path, mode: str) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode), dtype=np.uint8)
    except FileNotFoundError as error:
        raise DataError(f"the image {path} is missing. Complete the dataset's folder.") from error
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        size = path.stat().st_size
        raise DataError(f"the image {path} ({size} bytes) cannot be read: {error}. Fetch it again.") from error


def content_digest(paths: Iterable[Path]) -> str:
    """The sha256 over the bytes of files, in the order given; names do not enter."""
    total = hashlib.sha256()
    for path in paths:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def below(share: float, text: str) -> bool:
    """Whether a text falls into a share of all texts: a fixed draw that no other text changes."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) < share * 16**12
