"""Reading an image file of any kind that is read: a picture or a DICOM file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from datamodules.files.dicom import is_dicom, read_dicom
from datamodules.files.images import read_four, read_gray, read_rgb

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_file(path: Path, channels: int) -> NDArray[np.uint8]:
    """The image of a file, (H, W) of one channel, (H, W, 3) or (H, W, 4), uint8.

    Args:
        path: the path of the file.
        channels: the number of channels that it is read as, 1, 3 or 4.

    Raises:
        DataError: names the file if it is missing or unreadable.
    """
    if channels == 4:
        return read_four(path)
    if is_dicom(path):
        return read_dicom(path, channels=cast(Literal[1, 3], channels))
    return read_gray(path) if channels == 1 else read_rgb(path)
