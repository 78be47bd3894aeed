"""Datasets that alter what networks see of their images, after these were read and brought to their size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


class Altering(ABC):
    """A dataset that alters its images; what ``medtransfer prepare`` stores of it is not altered."""

    @abstractmethod
    def shown(self, image: Pixels, sample: Sample, split: Split) -> Pixels:
        """What networks see of an image in a split.

        Args:
            image: the pixels, (H, W) or (H, W, C), uint8, at the size that training or tests read them in; they must
                not be written to.
            sample: the sample that the pixels are of.
            split: the name of the split that the image is in.

        Returns:
            Pixels of the same form.
        """
