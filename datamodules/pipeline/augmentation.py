"""Training augmentation by albumentations; the only file that imports it.

Each sample is seeded by itself, since albumentations' own state repeats in every data loader worker. Elastic, grid
distortion, gamma and the sized crop are done as albumentations 0.4.3 did them, which the benchmark's official code asks
for (https://github.com/albumentations-team/albumentations, commit 967fe1b, albumentations/augmentations/transforms.py).
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # otherwise it asks the network for its newest version

import albumentations
import cv2
import numpy as np
from numpy.typing import NDArray

from datamodules.pipeline import distortions
from datamodules.pipeline.resize_crop import AsStored
from datamodules.prepared.storage import Stored
from specs import recipe_parts
from specs.recipe import Recipe
from specs.recipe_parts import RandomResizedCrop
from specs.run import digest

Pixels = NDArray[np.uint8]


class _Elastic(albumentations.DualTransform):  # type: ignore[misc]
    """The elastic deformation of version 0.4.3, with its uniform noise and its affine part."""

    def __init__(self, alpha: float, sigma: float, affine: float, p: float) -> None:
        super().__init__(p=p)
        self.alpha, self.sigma, self.affine = alpha, sigma, affine

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        shape = params["shape"][:2]
        offsets = self.random_generator.uniform(-self.affine, self.affine, (3, 2))
        noise = 2 * self.random_generator.random((2, *shape), np.float32) - 1
        shifts = [distortions.smoothed(field, self.sigma, self.alpha) for field in noise]
        return {"matrix": distortions.affine_matrix(shape, offsets), "maps": distortions.displaced(*shifts)}

    def apply(self, img: Pixels, matrix: Any, maps: Any, **params: Any) -> Pixels:
        return distortions.warped(img, matrix, maps, cv2.INTER_LINEAR)

    def apply_to_mask(self, mask: Pixels, matrix: Any, maps: Any, **params: Any) -> Pixels:
        return distortions.warped(mask, matrix, maps, cv2.INTER_NEAREST)


class _GridDistortion(albumentations.GridDistortion):  # type: ignore[misc]
    """The grid of version 0.4.3: the stretches are not normalized, and the last cell shows what is left."""

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        rows, columns = (self._axis(length) for length in params["shape"][:2])
        map_x, map_y = np.meshgrid(columns, rows)
        return {"map_x": map_x, "map_y": map_y}

    def _axis(self, length: int) -> NDArray[np.float32]:
        count = distortions.grid_cells(length, self.num_steps)
        stretches = [1 + self.py_random.uniform(*self.distort_limit) for _ in range(count)]
        return distortions.grid_axis(length, self.num_steps, stretches)


class _Gamma(albumentations.RandomGamma):  # type: ignore[misc]
    """The gamma of version 0.4.3: a whole number of percent, of which the exponent is the inverse."""

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        low, high = self.gamma_limit
        gamma = self.py_random.randint(round(low), round(high)) / 100
        return {"gamma": 1 / (gamma + 1e-7)}  # its eps, by which a gamma of 1 changes nothing though digits are cut off


class _SizedCrop(albumentations.RandomSizedCrop):  # type: ignore[misc]
    """The crop of version 0.4.3, which ends before the last row and column unless it is the whole image."""

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        height, width = params["shape"][:2]
        side = min(self.py_random.randint(*self.min_max_height), height, width)
        top, left = (int((length - side) * self.py_random.random()) for length in (height, width))
        return {"crop_coords": (left, top, left + side, top + side)}


def transform_of(step: recipe_parts.Augmentation, size: int) -> albumentations.BasicTransform | albumentations.OneOf:
    """The albumentations transform that does an augmentation step of a recipe.

    Args:
        step: the step of the recipe.
        size: height and width of the network's input, in pixels.
    """
    match step:
        case recipe_parts.HorizontalFlip(p):
            return albumentations.HorizontalFlip(p=p)
        case recipe_parts.VerticalFlip(p):
            return albumentations.VerticalFlip(p=p)
        case recipe_parts.Rotate(degrees, p):
            return albumentations.Rotate(limit=(-degrees, degrees), border_mode=cv2.BORDER_CONSTANT, fill=0, p=p)
        case recipe_parts.RandomResizedCrop(smallest, p, largest):
            return albumentations.RandomResizedCrop((size, size), scale=(smallest, largest), p=p)
        case recipe_parts.BrightnessContrast(limit, p):
            return albumentations.RandomBrightnessContrast(brightness_limit=limit, contrast_limit=limit, p=p)
        case recipe_parts.ColorJitter(brightness, contrast, saturation, hue, p):
            changes = [(1 - limit, 1 + limit) for limit in (brightness, contrast, saturation)]
            return albumentations.ColorJitter(*changes, (-hue, hue), p=p)
        case recipe_parts.Grayscale(p):
            return albumentations.ToGray(p=p)
        case recipe_parts.GaussianBlur(low, high, p):
            return albumentations.GaussianBlur(blur_limit=0, sigma_limit=(low, high), p=p)
        case recipe_parts.Solarize(threshold, p):
            return albumentations.Solarize(threshold_range=(threshold, threshold), p=p)
        case recipe_parts.Elastic(alpha, sigma, p, affine):
            return _Elastic(alpha, sigma, affine, p)
        case recipe_parts.Gamma(limit, p):
            return _Gamma((100 * (1 - limit), 100 * (1 + limit)), p=p)
        case recipe_parts.GridDistortion(cells, limit, p):
            return _GridDistortion(cells, (-limit, limit), border_mode=distortions.BORDER, p=p)
        case recipe_parts.OpticalDistortion(limit, p):
            return albumentations.OpticalDistortion((-limit, limit), border_mode=distortions.BORDER, p=p)
        case recipe_parts.SizedCrop(smallest, p):
            return _SizedCrop((round(smallest * size), size), (size, size), p=p)
        case recipe_parts.OneOf(choices, p):
            return albumentations.OneOf([transform_of(choice, size) for choice in choices], p=p)


class Albumentations:
    """Applies a recipe's augmentation to each image of a batch.

    Each thread has a composition of its own, since it holds the random state.

    Args:
        recipe: the recipe that names the steps; without a crop among them, images are brought to the network's size
            first.
        seed: the seed of the run; an image's draws depend on it, the epoch, the view and the image alone.
        view: the number of the view that it makes, of several views of the same images, from 0.
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
            gray = stored[0].image.ndim == 2  # gray images have no color to lose
            kept = [step for step in self._steps if not (gray and isinstance(step, recipe_parts.Grayscale))]
            self._own.compose = albumentations.Compose([transform_of(step, self._size) for step in kept])
        images: Sequence[Pixels] = [one.image for one in stored]
        masks = [one.mask for one in stored if one.mask is not None]
        if self._frame is not None:
            framed, framed_masks = self._frame(stored, epoch, numbers)
            images, masks = list(framed), [] if framed_masks is None else list(framed_masks)
        results = []
        for place, number in enumerate(numbers.tolist()):
            seed = int(digest([self._seed, self._purpose, epoch, number])[:8], 16)
            # One state for all steps: set_random_seed gives each its own from the same seed, so that all draw the same.
            self._own.compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
            mask = {"mask": masks[place]} if masks else {}
            results.append(self._own.compose(image=images[place], **mask))
        augmented = np.stack([result["image"] for result in results])
        return augmented, np.stack([result["mask"] for result in results]) if masks else None
