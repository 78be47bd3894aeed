"""Opening some images of a folder: whether they are in color, and whether they are slices of one series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.survey import PICTURES, spread_out
from datamodules.files.dicom import is_dicom, read_dicom
from datamodules.files.images import read_rgb
from specs.errors import DataError

COLORED = 8
"""By how many of 255 levels the channels of a pixel must differ for an image to count as one in color."""

NEIGHBORS = 4
"""How many files of a folder are looked at for the series that they are of, and how many folders."""


class Look(NamedTuple):
    """What a look at some images showed.

    Attributes:
        channels: the number of channels that they need: 3 if one of them is in color, else 1.
        unreadable: a sentence on each image that cannot be read.
    """

    channels: int
    unreadable: tuple[str, ...]


def look_at(root: Path, images: Sequence[str]) -> Look:
    """Open some of many images, and tell whether they are in color.

    Args:
        root: the folder that holds the images.
        images: the paths of all images under it; some of them are opened.
    """
    import numpy as np

    colored, unreadable = False, []
    for name in spread_out(list(images), PICTURES):
        path = root / name
        try:
            pixels = (read_dicom(path, channels=3) if is_dicom(path) else read_rgb(path)).astype(np.int16)
        except DataError as error:
            unreadable.append(str(error))
            continue
        colored = colored or bool((np.ptp(pixels, axis=2) > COLORED).any())
    return Look(3 if colored else 1, tuple(unreadable))


def series_in(root: Path, by_folder: dict[str, list[str]]) -> str | None:
    """A sentence on DICOM files that are slices of one series, as far as some folders tell; None where there are none.

    Args:
        root: the folder that holds the images.
        by_folder: the paths of the images under ``root``, by the folder that they are in.
    """
    for folder in spread_out(sorted(by_folder), NEIGHBORS):
        series = Counter[str]()
        for name in by_folder[folder][:NEIGHBORS]:
            if not is_dicom(root / name):
                break
            series[_series_of(root / name)] += 1
        if series and max(series.values()) > 1:
            return (
                f"DICOM files of {folder or 'the folder'} are slices of one series: here each file counts as an image; "
                "the dataset volumes reads a folder for each series (docs/own_data.md)"
            )
    return None


def _series_of(path: Path) -> str:
    """The id of the series of a DICOM file; its path where it names none, or cannot be read."""
    from pydicom import dcmread  # loads its decoders, so only where there is such a file
    from pydicom.errors import InvalidDicomError

    try:
        found = dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
    except (InvalidDicomError, OSError):
        return str(path)
    return str(found.get("SeriesInstanceUID", path))
