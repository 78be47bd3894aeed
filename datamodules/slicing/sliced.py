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
    def remarks(self, root: Path) -> list[str]:
        """Sentences on the volumes that a user should know, such as that some of them are oblique."""
