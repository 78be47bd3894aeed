"""Training augmentation by albumentations; the only file that imports it.

Each sample is seeded by itself, since albumentations' own state repeats in every data loader worker.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for its own version

import albumentations
import cv2
import numpy as np
from numpy.typing import NDArray

from specs import recipe

Pixels = NDArray[np.uint8]


def _transform(step: recipe.Augmentation, size: int) -> albumentations.BasicTransform:
    match step:
        case recipe.HorizontalFlip(p):
            return albumentations.HorizontalFlip(p=p)
        case recipe.VerticalFlip(p):
            return albumentations.VerticalFlip(p=p)
        case recipe.Rotate(degrees, p):
            return albumentations.Rotate(limit=(-degrees, degrees), border_mode=cv2.BORDER_CONSTANT, fill=0, p=p)
        case recipe.RandomResizedCrop(smallest, p):
            return albumentations.RandomResizedCrop((size, size), scale=(smallest, 1.0), p=p)
        case recipe.BrightnessContrast(limit, p):
            return albumentations.RandomBrightnessContrast(brightness_limit=limit, contrast_limit=limit, p=p)
        case recipe.Elastic(alpha, sigma, p):
            return albumentations.ElasticTransform(alpha=alpha, sigma=sigma, p=p)


class Augmenter:
    """Applies a recipe's augmentation to one image at a time.

    Args:
        steps: in order.
        image_size: height and width of the images, in pixels.
    """

    def __init__(self, steps: Sequence[recipe.Augmentation], image_size: int) -> None:
        self._compose = albumentations.Compose([_transform(step, image_size) for step in steps])

    def __call__(self, image: Pixels, mask: Pixels | None, seed: int) -> tuple[Pixels, Pixels | None]:
        """The augmented image and mask.

        Args:
            image: (H, W) or (H, W, 3) uint8.
            mask: (H, W) uint8, interpolated by nearest neighbour, or None.
            seed: all that the draws depend on.
        """
        self._compose.set_random_seed(seed)
        if mask is None:
            return self._compose(image=image)["image"], None
        both = self._compose(image=image, mask=mask)
        return both["image"], both["mask"]
