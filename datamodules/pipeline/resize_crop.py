"""From stored images to a batch of the network's size, without augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from datamodules.files.resampling import resize, resize_mask
from datamodules.prepared.storage import Stored
from specs.recipe import Recipe, Resampling

Pixels = NDArray[np.uint8]


class BatchTransform(Protocol):
    """Turns stored images into a batch of the network's size; several threads call it at once."""

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """Images (B, S, S), or (B, S, S, C) of C channels, and masks (B, S, S) or None.

        Args:
            stored: the images with their masks, which must not be written to.
            epoch: the number of the epoch that the batch is for.
            numbers: (B,) the samples' places in their split.
        """
        ...


class AsStored:
    """Brings whole images to the network's size.

    Args:
        size: height and width of the results, in pixels.
        resampling: how images of another size are resampled, as a recipe's ``resampling``.
    """

    def __init__(self, size: int, resampling: Resampling) -> None:
        self.size, self.resampling = size, resampling

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The framed images and masks."""
        images = [resize(sample.image, self.size, self.resampling) for sample in stored]
        masks = [resize_mask(sample.mask, self.size, self.resampling) for sample in stored if sample.mask is not None]
        return np.stack(images), np.stack(masks) if masks else None


class CenterCrop:
    """Takes the middle of images that are all of one size, as torchvision's ``CenterCrop`` does.

    Args:
        size: height and width of the results, in pixels; the stored images are as large or larger.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The framed images and masks."""
        top, left = (middle(length, self.size) for length in stored[0].image.shape[:2])
        part = np.s_[top : top + self.size, left : left + self.size]
        masks = [sample.mask[part] for sample in stored if sample.mask is not None]
        return np.stack([sample.image[part] for sample in stored]), np.stack(masks) if masks else None


def middle(length: int, size: int) -> int:
    """The first pixel of the middle ``size`` of ``length`` pixels, as torchvision's ``CenterCrop`` rounds it."""
    return round((length - size) / 2.0)


def tested_size(recipe: Recipe) -> int:
    """The height and width in pixels of what a test gives to the network, which may take crops of that itself."""
    whole = recipe.crop_from if recipe.test_time_augmentation == "ten_crop" else None
    return whole or recipe.image_size
