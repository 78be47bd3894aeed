"""Images of any number of channels: each channel becomes what the same gray image becomes, by the same draws."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.pipeline.augmentation import Albumentations
from datamodules.pipeline.crops import ExactCrops, FastCrops
from datamodules.pipeline.per_channel import PerChannel
from datamodules.pipeline.resize_crop import AsStored, BatchTransform, CenterCrop
from datamodules.prepared.storage import Stored
from specs.recipe import CropSteps, Recipe
from specs.recipe_parts import (
    Adam,
    Augmentation,
    BrightnessContrast,
    ColorJitter,
    Elastic,
    Gamma,
    GaussianBlur,
    Grayscale,
    GridDistortion,
    HorizontalFlip,
    OneOf,
    OpticalDistortion,
    RandomResizedCrop,
    Rotate,
    SizedCrop,
    Solarize,
    VerticalFlip,
)

SIZE = 24
NUMBERS = np.array([3, 11])
EVERY: tuple[tuple[Augmentation, ...], ...] = (
    (HorizontalFlip(), VerticalFlip()),
    (Rotate(20),),
    (RandomResizedCrop(0.3), ColorJitter(0.4, 0.4, 0.4, 0.2, p=1.0), Grayscale(1.0)),
    (BrightnessContrast(0.3, 1.0), Gamma(0.2, 1.0), GaussianBlur(0.5, 1.5, 1.0), Solarize(p=1.0)),
    (OneOf((Elastic(40, 4, affine=2.0), GridDistortion(), OpticalDistortion(1.0)), 1.0), SizedCrop(0.5, 1.0)),
)


def stored(channels: int, masked: bool) -> list[Stored]:
    """Two images of noise, in color or gray where they have as many channels."""
    generator = np.random.default_rng(7)
    shape = (32, 30) if channels == 1 else (32, 30, channels)
    images = [generator.integers(0, 256, shape, np.uint8) for _ in NUMBERS]
    masks = [generator.integers(0, 2, (32, 30), np.uint8) if masked else None for _ in NUMBERS]
    return [Stored(image, mask, None, 32, 30) for image, mask in zip(images, masks, strict=True)]


def check(transform: BatchTransform, channels: int, masked: bool) -> None:
    """Compare with the transform of each channel alone, its masks included."""
    given = stored(channels, masked)
    images, masks = PerChannel(transform)(given, 2, NUMBERS)
    assert images.shape == (2, *images.shape[1:3], channels)
    for channel in range(channels):
        grays = [one._replace(image=np.ascontiguousarray(one.image[..., channel])) for one in given]
        alone, alone_masks = transform(grays, 2, NUMBERS)
        np.testing.assert_array_equal(images[..., channel], alone)
        assert masked == (masks is not None)
        if masks is not None:
            np.testing.assert_array_equal(masks, alone_masks)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("channels", [2, 4, 5])
@pytest.mark.parametrize("steps", EVERY, ids=lambda steps: "-".join(type(step).__name__ for step in steps))
def test_steps_by_albumentations(steps: tuple[Augmentation, ...], channels: int, masked: bool) -> None:
    recipe = Recipe(image_size=SIZE, batch_size=2, epochs=1, optimizer=Adam(1e-3), augmentation=steps)
    check(Albumentations(recipe, seed=5), channels, masked)


@pytest.mark.parametrize("channels", [2, 4, 5])
@pytest.mark.parametrize("kind", [ExactCrops, FastCrops])
def test_crops_of_both_pipelines(kind: type[ExactCrops] | type[FastCrops], channels: int) -> None:
    check(kind(CropSteps(0.3, 0.5, 15.0), SIZE, 5), channels, masked=False)


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_images_without_augmentation(channels: int) -> None:
    check(AsStored(SIZE, "antialiased"), channels, masked=True)
    check(CenterCrop(SIZE), channels, masked=True)


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_and_color_images_pass_whole(channels: int) -> None:
    recipe = Recipe(image_size=SIZE, batch_size=2, epochs=1, optimizer=Adam(1e-3), augmentation=EVERY[2])
    transform, given = Albumentations(recipe, seed=5), stored(channels, masked=False)
    np.testing.assert_array_equal(PerChannel(transform)(given, 2, NUMBERS)[0], transform(given, 2, NUMBERS)[0])
