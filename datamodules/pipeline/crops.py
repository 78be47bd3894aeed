"""Random resized crop, horizontal flip and rotation, done without albumentations.

``ExactCrops`` does what torchvision's transforms do on Pillow images, number by number; ``FastCrops`` draws from the
same distributions and resamples by OpenCV. Both turn stored images into a batch.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from datamodules.pipeline.counter_rng import stream, uniforms
from datamodules.prepared.storage import Extents, Stored, extents_of
from specs.recipe import CropSteps

Pixels = NDArray[np.uint8]

RATIO = (3 / 4, 4 / 3)
"""Aspect ratios of a crop, drawn uniformly in their logarithm (torchvision's ``RandomResizedCrop``)."""

LOG_RATIO: tuple[float, float] = tuple(torch.log(torch.tensor(RATIO)).tolist())  # float32, as torchvision's

ATTEMPTS = 10
"""How often a crop is drawn before the central one is taken (torchvision's ``RandomResizedCrop``)."""

AT_ONCE = 5
"""How many attempts are drawn together; few crops need more."""

BLOCK = 4096
"""How many images' warps are drawn together at the start of an epoch: some megabytes of numbers."""

ANTIALIAS_FROM = 1.5
"""The factor above which ``FastCrops`` shrinks a crop by averaging areas; up to it, by weighing four pixels."""


class ExactCrops:
    """Crops, flips and rotates by torchvision's arithmetic and order of draws, with one generator per sample.

    The same as ``RandomResizedCrop``, ``RandomHorizontalFlip`` and ``RandomRotation`` of ``torchvision.transforms``
    after ``torch.manual_seed`` of the sample's seed (https://docs.pytorch.org/vision/stable/transforms.html).

    Args:
        steps: the augmentation steps that are done.
        size: height and width of the results, in pixels.
        seed: the seed of the run.
    """

    def __init__(self, steps: CropSteps, size: int, seed: int) -> None:
        self.steps, self.size, self.seed = steps, size, seed

    def sample_seeds(self, epoch: int, numbers: NDArray[np.int64]) -> list[int]:
        """The seeds of the random generators of samples in one epoch."""
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
            picture = _cut(image, *box).resize((self.size, self.size), Image.Resampling.BILINEAR)
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


def _cut(image: Pixels, left: int, top: int, right: int, bottom: int) -> Image.Image:
    """A part of an image as a Pillow image, which shares the memory of gray pixels."""
    size, start = (right - left, bottom - top), top * image.shape[1] + left
    flat = image.reshape(-1)[start : start + image.shape[1] * size[1]]
    if image.ndim == 2 and len(flat) == image.shape[1] * size[1]:
        return Image.frombuffer("L", size, flat, "raw", "L", image.shape[1], 1)
    return Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))


class Drawn(NamedTuple):
    """The crop, flip and rotation that ``FastCrops`` does to each image of a batch.

    Attributes:
        boxes: (B, 4) top, bottom, left and right of the crops in pixels of the original images, or None.
        flips: (B,) whether images are mirrored.
        angles: (B,) rotations in radians, counter-clockwise, or None.
    """

    boxes: NDArray[np.int64] | None
    flips: NDArray[np.bool_]
    angles: NDArray[np.float64] | None


class Warps(NamedTuple):
    """How ``FastCrops`` resamples images, in pixels of the stored ones.

    Attributes:
        boxes: (B, 4) int32 top, bottom, left and right of the crops.
        methods: (B,) the number of OpenCV's interpolation.
        flips: (B,) whether images are mirrored.
        matrices: (B, 2, 3) from ``_rotations``, or None where nothing is rotated.
    """

    boxes: NDArray[np.int32]
    methods: NDArray[np.int8]
    flips: NDArray[np.bool_]
    matrices: NDArray[np.float64] | None

    def of(self, numbers: NDArray[np.int64]) -> Warps:
        """The warps of some of the images."""
        matrices = None if self.matrices is None else self.matrices[numbers]
        return Warps(self.boxes[numbers], self.methods[numbers], self.flips[numbers], matrices)


class FastCrops:
    """Crops, flips and rotates by the same distributions, drawn for many images at once and resampled by OpenCV.

    Crops are drawn in pixels of the original image and carried over to the stored one. Rotations take the nearest
    pixel, as torchvision's.

    Args:
        steps: the augmentation steps that are done.
        size: height and width of the results, in pixels.
        seed: the seed of the run.
        extents: the sizes of all images of the split, if they are known; then the draws of a whole epoch are made at
            its start.
    """

    def __init__(self, steps: CropSteps, size: int, seed: int, extents: Extents | None = None) -> None:
        self.steps, self.size, self.seed, self.extents = steps, size, seed, extents
        self._lock = threading.Lock()
        self._drawn: tuple[int, Warps] | None = None

    def __call__(
        self, stored: Sequence[Stored], epoch: int, numbers: NDArray[np.int64]
    ) -> tuple[Pixels, Pixels | None]:
        """The augmented images (B, size, size) or (B, size, size, 3); there are no masks."""
        size = (self.size, self.size)
        if self.extents is None:
            warps = self.warps(extents_of(stored), epoch, numbers)
        else:
            warps = self._epoch(epoch).of(numbers)
        parts = zip(stored, warps.boxes.tolist(), strict=True)
        images = [one.image[top:bottom, left:right] for one, (top, bottom, left, right) in parts]
        batch = np.empty((len(images), *size, *images[0].shape[2:]), np.uint8)
        methods = warps.methods.tolist()
        if warps.matrices is None:
            for image, method, flip, into in zip(images, methods, warps.flips.tolist(), batch, strict=True):
                cv2.resize(image, size, into, interpolation=method)
                if flip:
                    cv2.flip(into, 1, into)
            return batch, None
        resized = np.empty_like(batch[0])
        # WARP_INVERSE_MAP: the matrix maps pixels of the result to pixels of the source, as Pillow's does.
        nearest = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        # This loop does as little as possible, since threads run in parallel only inside OpenCV.
        for image, method, matrix, into in zip(images, methods, list(warps.matrices), list(batch), strict=True):
            cv2.resize(image, size, resized, interpolation=method)
            cv2.warpAffine(resized, matrix, size, into, nearest)
        return batch, None

    def _epoch(self, epoch: int) -> Warps:
        """The warps of all images of the split in an epoch."""
        assert self.extents is not None
        with self._lock:
            if self._drawn is None or self._drawn[0] != epoch:
                count = len(self.extents.original)
                blocks = (np.arange(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))
                made = [self.warps(self.extents.of(numbers), epoch, numbers) for numbers in blocks]
                self._drawn = epoch, _joined(made)
            return self._drawn[1]

    def warps(self, extents: Extents, epoch: int, numbers: NDArray[np.int64]) -> Warps:
        """The warps of samples in an epoch.

        Args:
            extents: the sizes of the B samples, original and stored.
            epoch: the number of the epoch, from 0.
            numbers: (B,) the samples' places in their split.
        """
        drawn = self.draw(extents.original, epoch, numbers)
        boxes = np.zeros((len(numbers), 4), np.int64)
        boxes[:, 1::2] = extents.stored
        if drawn.boxes is not None:
            boxes = np.rint(drawn.boxes * (extents.stored / extents.original)[:, [0, 0, 1, 1]]).astype(np.int64)
            # At least one pixel wide and high.
            boxes[:, ::2] = np.minimum(boxes[:, ::2], extents.stored - 1)
            boxes[:, 1::2] = np.maximum(boxes[:, 1::2], boxes[:, ::2] + 1)
        shrink = np.minimum(boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]) > ANTIALIAS_FROM * self.size
        methods = np.where(shrink, cv2.INTER_AREA, cv2.INTER_LINEAR).astype(np.int8)
        matrices = None if drawn.angles is None else _rotations(drawn.angles, drawn.flips, self.size)
        return Warps(boxes.astype(np.int32), methods, drawn.flips, matrices)

    def draw(self, shapes: NDArray[np.int64], epoch: int, numbers: NDArray[np.int64]) -> Drawn:
        """The crop, flip and rotation of samples in an epoch.

        Args:
            shapes: (B, 2) heights and widths of the original images, in pixels.
            epoch: the number of the epoch, from 0.
            numbers: (B,) the samples' places in their split.
        """
        steps, key = self.steps, stream(self.seed, "fast crops", epoch)
        draws = uniforms(key, numbers, 4)
        boxes = None if steps.smallest is None else _boxes(key, numbers, draws[:, 2:], shapes, steps.smallest)
        angles = None if steps.degrees is None else np.radians((2 * draws[:, 1] - 1) * steps.degrees)
        return Drawn(boxes, draws[:, 0] < steps.flip, angles)


def _joined(parts: Sequence[Warps]) -> Warps:
    """The warps of several parts of a split, joined in order."""
    boxes, methods, flips, matrices = zip(*parts, strict=True)
    rotated = None if matrices[0] is None else np.concatenate(matrices)
    return Warps(np.concatenate(boxes), np.concatenate(methods), np.concatenate(flips), rotated)


def _boxes(
    key: int, numbers: NDArray[np.int64], places: NDArray[np.float64], shapes: NDArray[np.int64], smallest: float
) -> NDArray[np.int64]:
    """(B, 4) top, bottom, left and right of crops, as torchvision draws them.

    Args:
        key: the key of the random numbers for area and aspect ratio, as of ``stream``.
        numbers: (B,) the samples' places in their split.
        places: (B, 2) uniform draws in [0, 1) of where the crops lie, down and across.
        shapes: (B, 2) heights and widths of the images, in pixels.
        smallest: the smallest share of the area that a crop may keep, in (0, 1].
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
        # Where no attempt fits, the first one is a placeholder.
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
