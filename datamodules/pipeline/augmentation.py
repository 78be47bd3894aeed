"""Training augmentation by albumentations; the only file that imports it.

Each sample is seeded by itself, since albumentations' own state repeats in every data loader worker.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for its own version

import albumentations
import cv2
import numpy as np
from numpy.typing import NDArray

from datamodules.pipeline.framing import AsStored
from datamodules.prepared.storage import Stored
from specs import steps
from specs.recipe import Recipe
from specs.run import digest
from specs.steps import RandomResizedCrop

Pixels = NDArray[np.uint8]


def _transform(step: steps.Augmentation, size: int) -> albumentations.BasicTransform | albumentations.OneOf:
    match step:
        case steps.HorizontalFlip(p):
            return albumentations.HorizontalFlip(p=p)
        case steps.VerticalFlip(p):
            return albumentations.VerticalFlip(p=p)
        case steps.Rotate(degrees, p):
            return albumentations.Rotate(limit=(-degrees, degrees), border_mode=cv2.BORDER_CONSTANT, fill=0, p=p)
        case steps.RandomResizedCrop(smallest, p, largest):
            return albumentations.RandomResizedCrop((size, size), scale=(smallest, largest), p=p)
        case steps.BrightnessContrast(limit, p):
            return albumentations.RandomBrightnessContrast(brightness_limit=limit, contrast_limit=limit, p=p)
        case steps.ColorJitter(brightness, contrast, saturation, hue, p):
            changes = [(1 - limit, 1 + limit) for limit in (brightness, contrast, saturation)]
            return albumentations.ColorJitter(*changes, (-hue, hue), p=p)
        case steps.Grayscale(p):
            return albumentations.ToGray(p=p)
        case steps.GaussianBlur(low, high, p):
            return albumentations.GaussianBlur(blur_limit=0, sigma_limit=(low, high), p=p)
        case steps.Solarize(threshold, p):
            return albumentations.Solarize(threshold_range=(threshold, threshold), p=p)
        case steps.Elastic(alpha, sigma, p):
            return albumentations.ElasticTransform(alpha=alpha, sigma=sigma, p=p)
        case steps.Gamma(limit, p):
            return albumentations.RandomGamma((100 * (1 - limit), 100 * (1 + limit)), p=p)
        case steps.GridDistortion(cells, limit, p):
            return albumentations.GridDistortion(cells, (-limit, limit), p=p)
        case steps.OpticalDistortion(limit, p):
            return albumentations.OpticalDistortion((-limit, limit), p=p)
        case steps.SizedCrop(smallest, p):
            return albumentations.RandomSizedCrop((round(smallest * size), size), (size, size), p=p)
        case steps.OneOf(choices, p):
            return albumentations.OneOf([_transform(choice, size) for choice in choices], p=p)


class Albumentations:
    """Applies a recipe's augmentation to each image of a batch.

    Each thread has a composition of its own, since it holds the random state.

    Args:
        recipe: names the steps; without a crop among them, images are brought to the network's size first.
        seed: of the run; every image's draws depend on it, the epoch, the view and the image alone.
        view: which of several views of the same images it makes.
    """

    def __init__(self, recipe: Recipe, seed: int, view: int = 0) -> None:
        self._steps, self._size, self._seed = recipe.augmentation, recipe.image_size, seed
        crops = any(isinstance(step, RandomResizedCrop) and step.p == 1 for step in recipe.augmentation)
        self._frame = None if crops else AsStored(recipe.image_size, recipe.resampling)
        self._purpose = f"augment {view}" if view else "augment"
        self._own = threading.local()

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The augmented images and masks; masks are interpolated by nearest neighbour."""
        if not hasattr(self._own, "compose"):
            gray = stored[0].image.ndim == 2  # which cannot lose their color
            kept = [step for step in self._steps if not (gray and isinstance(step, steps.Grayscale))]
            self._own.compose = albumentations.Compose([_transform(step, self._size) for step in kept])
        images: Sequence[Pixels] = [one.image for one in stored]
        masks = [one.mask for one in stored if one.mask is not None]
        if self._frame is not None:
            framed, framed_masks = self._frame(stored, epoch, numbers)
            images, masks = list(framed), [] if framed_masks is None else list(framed_masks)
        results = []
        for place, number in enumerate(numbers.tolist()):
            self._own.compose.set_random_seed(int(digest([self._seed, self._purpose, epoch, number])[:8], 16))
            mask = {"mask": masks[place]} if masks else {}
            results.append(self._own.compose(image=images[place], **mask))
        augmented = np.stack([result["image"] for result in results])
        return augmented, np.stack([result["mask"] for result in results]) if masks else None
