"""The two studies' augmentation, random resized crop, horizontal flip and rotation, without albumentations.

``ExactCrops`` does what torchvision's transforms do on Pillow images, number by number; ``FastCrops`` draws from the
same distributions and resamples by OpenCV. Both turn stored images into a batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from datamodules.draws import stream, uniforms
from datamodules.storage import Stored
from specs.recipe import CropSteps

Pixels = NDArray[np.uint8]

RATIO = (3 / 4, 4 / 3)
"""Aspect ratios of a crop, drawn uniformly in their logarithm (torchvision's ``RandomResizedCrop``)."""

LOG_RATIO: tuple[float, float] = tuple(torch.log(torch.tensor(RATIO)).tolist())  # float32, as torchvision's

ATTEMPTS = 10
"""Draws of a crop before the central one is taken (torchvision's ``RandomResizedCrop``)."""

AT_ONCE = 5
"""Attempts that are drawn together. NumPy lets other threads run during operations on more than 500 numbers, and waits
for its turn after each; the draws of a usual batch stay below."""

ANTIALIAS_FROM = 1.5
"""Where a crop shrinks by more than this, ``FastCrops`` averages over areas; below, four pixels do."""


class ExactCrops:
    """Torchvision's arithmetic and order of draws, one generator per sample.

    The same as ``RandomResizedCrop``, ``RandomHorizontalFlip`` and ``RandomRotation`` of ``torchvision.transforms``
    after ``torch.manual_seed`` of the sample's seed (https://docs.pytorch.org/vision/stable/transforms.html).

    Args:
        steps: what is done.
        size: height and width of the results, in pixels.
        seed: of the run.
    """

    def __init__(self, steps: CropSteps, size: int, seed: int) -> None:
        self.steps, self.size, self.seed = steps, size, seed

    def sample_seeds(self, epoch: int, numbers: NDArray[np.int64]) -> list[int]:
        """What the generators of samples in one epoch are seeded with."""
        draws = uniforms(stream(self.seed, "exact crops", epoch), numbers, 1)[:, 0]
        return [int(draw * 2**53) for draw in draws.tolist()]

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The augmented images (B, size, size) or (B, size, size, 3); there are no masks."""
        seeds = self.sample_seeds(epoch, numbers)
        return np.stack([self.one(one.image, seed) for one, seed in zip(stored, seeds, strict=True)]), None

    def one(self, image: Pixels, seed: int) -> Pixels:
        """One augmented image (size, size) or (size, size, 3)."""
        generator = torch.Generator().manual_seed(seed)
        picture = Image.fromarray(image)
        if self.steps.smallest is not None:
            box = self._box(picture.width, picture.height, self.steps.smallest, generator)
            picture = picture.crop(box).resize((self.size, self.size), Image.Resampling.BILINEAR)
        elif picture.size != (self.size, self.size):
            picture = picture.resize((self.size, self.size), Image.Resampling.BILINEAR)
        if self.steps.flip and torch.rand(1, generator=generator) < self.steps.flip:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self.steps.degrees is not None:
            degrees = self.steps.degrees
            angle = float(torch.empty(1).uniform_(-degrees, degrees, generator=generator).item())
            picture = picture.rotate(angle, Image.Resampling.NEAREST)
        return np.asarray(picture)

    @staticmethod
    def _box(width: int, height: int, smallest: float, generator: torch.Generator) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of a crop."""
        for _ in range(ATTEMPTS):
            area = width * height * torch.empty(1).uniform_(smallest, 1.0, generator=generator).item()
            ratio = torch.exp(torch.empty(1).uniform_(*LOG_RATIO, generator=generator)).item()
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                top = int(torch.randint(0, height - h + 1, (1,), generator=generator).item())
                left = int(torch.randint(0, width - w + 1, (1,), generator=generator).item())
                return left, top, left + w, top + h
        w, h = _central(width, height)
        top, left = (height - h) // 2, (width - w) // 2
        return left, top, left + w, top + h


class Drawn(NamedTuple):
    """What ``FastCrops`` does to each image of a batch.

    Attributes:
        boxes: (B, 4) top, bottom, left and right of the crops in pixels of the original images, or None.
        flips: (B,) whether images are mirrored.
        angles: (B,) rotations in radians, counter-clockwise, or None.
    """

    boxes: NDArray[np.int64] | None
    flips: list[bool]
    angles: NDArray[np.float64] | None


class FastCrops:
    """The same distributions, drawn for a whole batch at once and resampled by OpenCV.

    Crops are drawn in pixels of the original image and carried over to the stored one. Rotations take the nearest
    pixel, as torchvision's.

    Args:
        steps: what is done.
        size: height and width of the results, in pixels.
        seed: of the run.
    """

    def __init__(self, steps: CropSteps, size: int, seed: int) -> None:
        self.steps, self.size, self.seed = steps, size, seed

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The augmented images (B, size, size) or (B, size, size, 3); there are no masks."""
        size, images = (self.size, self.size), [one.image for one in stored]
        shapes = np.array([(one.height, one.width) for one in stored])
        drawn = self.draw(shapes, epoch, numbers)
        if drawn.boxes is not None:
            stored_shapes = np.array([image.shape[:2] for image in images])
            boxes = np.rint(drawn.boxes * (stored_shapes / shapes)[:, [0, 0, 1, 1]]).astype(int)
            # At least one pixel wide and high.
            boxes[:, ::2] = np.minimum(boxes[:, ::2], stored_shapes - 1)
            boxes[:, 1::2] = np.maximum(boxes[:, 1::2], boxes[:, ::2] + 1)
            parts = zip(images, boxes.tolist(), strict=True)
            images = [image[top:bottom, left:right] for image, (top, bottom, left, right) in parts]
        methods = [_method(image, self.size) for image in images]
        batch = np.empty((len(images), *size, *images[0].shape[2:]), np.uint8)
        if drawn.angles is None:
            for image, method, flip, into in zip(images, methods, drawn.flips, batch, strict=True):
                cv2.resize(image, size, into, interpolation=method)
                if flip:
                    cv2.flip(into, 1, into)
            return batch, None
        resized, matrices = np.empty_like(batch[0]), _rotations(drawn.angles, np.array(drawn.flips), self.size)
        # WARP_INVERSE_MAP: the matrix maps pixels of the result to pixels of the source, as Pillow's does.
        nearest = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        # As little as possible in this loop: its threads run at once only inside OpenCV.
        for image, method, matrix, into in zip(images, methods, list(matrices), list(batch), strict=True):
            cv2.resize(image, size, resized, interpolation=method)
            cv2.warpAffine(resized, matrix, size, into, nearest)
        return batch, None

    def draw(self, shapes: NDArray[np.int64], epoch: int, numbers: NDArray[np.int64]) -> Drawn:
        """What is done to samples in an epoch.

        Args:
            shapes: (B, 2) heights and widths of the original images, in pixels.
            epoch: of the run.
            numbers: (B,) the samples' places in their split.
        """
        steps, key = self.steps, stream(self.seed, "fast crops", epoch)
        draws = uniforms(key, numbers, 4)
        boxes = None if steps.smallest is None else _boxes(key, numbers, draws[:, 2:], shapes, steps.smallest)
        angles = None if steps.degrees is None else np.radians((2 * draws[:, 1] - 1) * steps.degrees)
        return Drawn(boxes, (draws[:, 0] < steps.flip).tolist(), angles)


def _boxes(
    key: int, numbers: NDArray[np.int64], places: NDArray[np.float64], shapes: NDArray[np.int64], smallest: float
) -> NDArray[np.int64]:
    """(B, 4) top, bottom, left and right of crops, as torchvision draws them.

    Args:
        key: of the draws of area and aspect ratio.
        numbers: (B,) the samples.
        places: (B, 2) uniform draws of the crops' places.
        shapes: (B, 2) heights and widths of the images.
        smallest: share of the area.
    """
    low, high = math.log(RATIO[0]), math.log(RATIO[1])
    sizes, waiting = np.zeros_like(shapes), np.arange(len(shapes))
    for attempt in range(0, ATTEMPTS, AT_ONCE):
        draws = uniforms(key, numbers[waiting], 2 * AT_ONCE, first=4 + 2 * attempt)
        within = shapes[waiting][:, :, None]
        area = within.prod(axis=1) * (smallest + (1 - smallest) * draws[:, :AT_ONCE])
        ratio = np.exp(low + (high - low) * draws[:, AT_ONCE:])
        tried = np.rint(np.sqrt(np.stack([area / ratio, area * ratio], axis=1))).astype(np.int64)
        fits = ((tried > 0) & (tried <= within)).all(axis=1)
        # Where none fits, the first one is a placeholder.
        sizes[waiting] = tried[np.arange(len(waiting)), :, fits.argmax(axis=1)]
        waiting = waiting[~fits.any(axis=1)]
        if not len(waiting):
            break
    corners = (places * (shapes - sizes + 1)).astype(np.int64)
    for row in waiting:
        width, height = _central(int(shapes[row, 1]), int(shapes[row, 0]))
        sizes[row] = height, width
        corners[row] = (shapes[row] - sizes[row]) // 2
    return np.stack([corners, corners + sizes], axis=2).reshape(-1, 4)


def _central(width: int, height: int) -> tuple[int, int]:
    """Width and height of the largest crop with an allowed aspect ratio."""
    if width / height < RATIO[0]:
        return width, round(width / RATIO[0])
    if width / height > RATIO[1]:
        return round(height * RATIO[1]), height
    return width, height


def _method(image: Pixels, size: int) -> int:
    return cv2.INTER_AREA if min(image.shape[:2]) > ANTIALIAS_FROM * size else cv2.INTER_LINEAR


def _rotations(angles: NDArray[np.float64], flips: NDArray[np.bool_], size: int) -> NDArray[np.float64]:
    """(B, 2, 3) maps from pixels of the result to pixels of the source.

    The source is mirrored left to right where ``flips`` says so, then rotated about its center, counter-clockwise.
    """
    cosine, sine, center = np.cos(angles), np.sin(angles), (size - 1) / 2
    matrices = np.empty((len(angles), 2, 3))
    matrices[:, 0, 0], matrices[:, 0, 1] = cosine, -sine
    matrices[:, 1, 0], matrices[:, 1, 1] = sine, cosine
    matrices[:, :, 2] = center - matrices[:, :, :2].sum(axis=2) * center
    matrices[flips, 0] *= -1
    matrices[flips, 0, 2] += size - 1
    return matrices
