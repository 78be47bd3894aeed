"""Finding DICOM series among the images of a folder: which folders hold the slices of one series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.describing.survey import spread_out
from datamodules.files.dicom import is_dicom
from datamodules.files.dicom_series import series_of

LOOKED_AT = 6
"""How many folders, and how many files of each, are looked at for the series that they are of."""


class Series(NamedTuple):
    """The DICOM series of a folder.

    Attributes:
        folders: the paths of the folders that hold one series each, sorted; none where they hold no series, or several.
        said: a sentence on series that are there and are not read as they lie; empty where there are none.
    """

    folders: tuple[str, ...]
    said: str = ""


def series_among(root: Path, by_folder: Mapping[str, Sequence[str]]) -> Series:
    """Find the folders whose images are the slices of one series, told from some folders and some files of each.

    Args:
        root: the folder that holds the images.
        by_folder: the paths of the images under ``root``, by the folder that they are in.
    """
    several = sorted(folder for folder, names in by_folder.items() if len(names) > 1 and is_dicom(root / names[0]))
    for folder in spread_out(several, LOOKED_AT):
        kinds = Counter(series_of(root / name) for name in spread_out(list(by_folder[folder]), LOOKED_AT))
        if None in kinds or len(kinds) == kinds.total():
            return Series(())
        if len(kinds) > 1:
            said = (
                f"DICOM files of {folder or 'the folder'} are slices of several series: here each file counts as an "
                "image; the dataset volumes reads a folder for each series, so sort them into folders"
            )
            return Series((), said)
    return Series(tuple(several))
