"""What datasets have in common whose images are slices of volumes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datamodules.dataset.sample import Sample


class Sliced(ABC):
    """A dataset whose images are slices of volumes."""

    @abstractmethod
    def volume_of(self, sample: Sample) -> str:
        """The name of the volume that a slice is of, unique within the dataset."""

    @abstractmethod
    def number_of(self, sample: Sample) -> int:
        """The number of a slice in its volume, from 0 on; slices that lie beside each other have numbers that do."""

    @abstractmethod
    def sides_of(self, root: Path, sample: Sample) -> tuple[float, float, float]:
        """How far a slice is from the one of the next number, and the height and width of its pixels, in mm.

        The axes of the volume are taken to be at right angles.

        Raises:
            DataError: if the volume's header is missing or damaged.
        """

    @abstractmethod
    def remarks(self, root: Path) -> list[str]:
        """Sentences on the volumes that a user should know, such as that some of them are oblique."""
