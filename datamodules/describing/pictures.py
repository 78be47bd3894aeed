"""Opening some images of a folder: whether they are in color, and whether they have a fourth channel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.survey import PICTURES, spread_out
from datamodules.files.dicom import is_dicom, read_dicom
from datamodules.files.images import opened_image, read_rgb
from specs.errors import DataError

COLORED = 8
"""By how many of 255 levels the channels of a pixel must differ for an image to count as one in color."""

TRANSPARENT = 0.5
"""The share of pixels that a fourth channel must call wholly visible or wholly transparent to be transparency."""


class Look(NamedTuple):
    """What a look at some images showed.

    Attributes:
        channels: the number of channels that they need: 3 if one of them is in color, else 1.
        fourth: how many of them have a fourth channel that is no transparency.
        looked: how many images were looked at.
        unreadable: a sentence on each image that cannot be read.
    """

    channels: int
    fourth: int
    looked: int
    unreadable: tuple[str, ...]


def look_at(root: Path, images: Sequence[str]) -> Look:
    """Open some of many images, and tell how many channels they need.

    Args:
        root: the folder that holds the images.
        images: the paths of all images under it; some of them are opened.
    """
    import numpy as np

    colored, fourth, looked, unreadable = False, 0, 0, []
    for name in spread_out(list(images), PICTURES):
        path = root / name
        try:
            dicom = is_dicom(path)
            pixels = (read_dicom(path, channels=3) if dicom else read_rgb(path)).astype(np.int16)
            fourth += not dicom and _has_fourth(path)
        except DataError as error:
            unreadable.append(str(error))
            continue
        looked += 1
        colored = colored or bool((np.ptp(pixels, axis=2) > COLORED).any())
    return Look(3 if colored else 1, fourth, looked, tuple(unreadable))


def _has_fourth(path: Path) -> bool:
    """Whether an image file has four channels, the last of which has too many values between its ends for transparency.

    Raises:
        DataError: if it cannot be read.
    """
    import numpy as np

    with opened_image(path) as found:
        values = found.values
        if values.ndim != 3 or values.shape[2] != 4 or found.image.mode == "CMYK":
            return False
        last = values[..., 3]
        ends = (last == 0) | (last == (np.iinfo(last.dtype).max if last.dtype.kind in "iu" else 1))
        return bool(ends.mean() < TRANSPARENT)
