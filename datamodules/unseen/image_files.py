"""New images of which each is a file: pictures and DICOM files, in one or three channels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datamodules.dataset.contract import Dataset
from datamodules.files.dicom import is_dicom
from datamodules.files.images import read_rgb
from datamodules.files.listing import image_files_in
from datamodules.files.one_file import read_file
from datamodules.unseen.contract import OwnFiles, Unseen
from specs.errors import DataError

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

COLORED = 16
"""By how many of 255 steps the channels of a pixel must differ for the pixel to count as colored: JPEG's own errors in
gray images that are stored in color stay below it."""

SHARE = 0.01
"""The share of pixels that must be colored for an image to count as colored: labels that are burnt in are fewer."""


@dataclass(frozen=True)
class ImageFiles(Unseen):
    """Images of one file each.

    Attributes:
        channels: the number of channels that files are read as, 1 or 3.
    """

    channels: int

    def found(self, folder: Path) -> list[str]:
        """The image files, by their endings or their first bytes."""
        return [path.relative_to(folder).as_posix() for path in image_files_in(folder)]

    def read(self, folder: Path, name: str) -> Pixels:
        """The image in the channels of the dataset."""
        return read_file(folder / name, self.channels)

    def unlike(self, folder: Path, name: str) -> str | None:
        """Whether it is in color where the dataset is in shades of gray."""
        import numpy as np

        path = folder / name
        if self.channels != 1 or is_dicom(path):
            return None
        pixels = read_rgb(path).astype(np.int16)
        colored = (pixels.max(axis=2) - pixels.min(axis=2) > COLORED).mean()
        return "it is in color, and the network learned images in shades of gray" if colored > SHARE else None


def unseen_of(dataset: Dataset) -> Unseen:
    """What finds and reads new images as those of a dataset.

    Raises:
        DataError: if its images are of a number of channels that no single file has.
    """
    if isinstance(dataset, OwnFiles):
        return dataset.unseen
    if dataset.channels not in (1, 3):
        raise DataError(
            f"{type(dataset).__name__} has images of {dataset.channels} channels, and does not say how new ones are "
            "read. Have it inherit datamodules.unseen.contract.OwnFiles."
        )
    return ImageFiles(dataset.channels)
