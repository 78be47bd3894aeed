"""The contract of what finds and reads new images for a network that learned a dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


class Unseen(ABC):
    """Finds and reads images that nobody labelled, in the form in which a dataset's own images are read."""

    @abstractmethod
    def found(self, folder: Path) -> list[str]:
        """The names of the images in a folder and in all folders in it, sorted: their paths under it.

        Raises:
            DataError: if a folder may not be looked into.
        """

    @abstractmethod
    def read(self, folder: Path, name: str) -> Pixels:
        """Pixels of an image, (H, W) of one channel, else (H, W, C), uint8.

        Raises:
            DataError: names the file if it is missing or unreadable.
        """

    @abstractmethod
    def unlike(self, folder: Path, name: str) -> str | None:
        """What the file of an image is that those of the dataset are not, in half a sentence; None where it is alike.

        Raises:
            DataError: names the file if it is missing or unreadable.
        """


class InVolumes(Unseen):
    """Finds and reads images that are slices of volumes, and puts masks of slices back together."""

    @abstractmethod
    def volume_of(self, name: str) -> str:
        """The name of the volume that a slice is of."""

    @abstractmethod
    def put_back(self, folder: Path, volume: str, masks: Mapping[str, Pixels], path: Path) -> None:
        """Write the masks of a volume's slices as NIfTI on the grid of the volume.

        Args:
            folder: the folder that the volume is in.
            volume: the name of the volume.
            masks: the mask (H, W) of each slice by its name: 0, or the number of a class.
            path: the path of the new file, which ends in ``.nii.gz``.

        Raises:
            DataError: if the volume cannot be read, or a slice has no mask.
        """


class OwnFiles(ABC):
    """A dataset whose images are read in another way than files of one or three channels usually are."""

    @property
    @abstractmethod
    def unseen(self) -> Unseen:
        """What finds and reads new images."""
