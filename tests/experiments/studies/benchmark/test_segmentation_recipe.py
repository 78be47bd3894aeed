"""The benchmark's segmentation as its official code trains (Version1: main_segmentation, engine, dataloader)."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import stats

from datamodules.pipeline.augmentation import Albumentations, transform_of
from datamodules.prepared.storage import Stored
from experiments.studies.benchmark.recipes import recipes
from specs.recipe_parts import Elastic, GridDistortion, OneOf, OpticalDistortion, SizedCrop


@pytest.mark.parametrize("name", ["pxs", "lxs"])
def test_chests_are_segmented_as_published(name: str) -> None:
    recipe = recipes()[name].to_json()
    published = {
        "image_size": 224, "batch_size": 32, "epochs": 200, "selection": "loss", "loss": "dice",
        "optimizer": {"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0},
        "resampling": "nearest", "stored_size": None,
        "early_stopping": 21,  # stops as soon as more than 20 epochs were no better
        "normalization": "none",  # by README's commands
    }  # fmt: skip
    assert published.items() <= recipe.items()


def test_vessels_are_segmented_as_published() -> None:
    recipe = recipes()["vfs"].to_json()
    published = {
        "image_size": 512, "batch_size": 16, "epochs": 200, "selection": "loss", "loss": "bce",
        "optimizer": {"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0},
        "resampling": "bilinear", "stored_size": None, "augmentation": [], "early_stopping": 21,
        "normalization": "imagenet",
    }  # fmt: skip
    assert published.items() <= recipe.items()


def test_chests_are_augmented_by_the_published_steps() -> None:
    _, distortion, crop = recipes()["pxs"].augmentation
    assert isinstance(distortion, OneOf)
    elastic, grid, lens = distortion.steps
    assert (distortion.p, crop) == (0.3, SizedCrop(156 / 224, 0.25))
    assert elastic == Elastic(alpha=120, sigma=120 * 0.05, affine=pytest.approx(120 * 0.03), p=0.5)
    assert (grid, lens) == (GridDistortion(cells=5, limit=0.3, p=0.5), OpticalDistortion(limit=2.0, p=0.5))


@pytest.mark.parametrize(("number", "shares"), [(0, [0.15, 0.15, 0.7]), (1, [0.1, 0.1, 0.1, 0.7])])
def test_a_one_of_does_each_of_its_steps_as_often(number: int, shares: list[float]) -> None:
    made: Any = transform_of(recipes()["pxs"].augmentation[number], 16)
    made.set_random_seed(0)
    image, counts = np.zeros((16, 16), np.uint8), [0] * len(shares)
    for _ in range(2000):
        for step in made.transforms:
            step.params = {}
        made(image=image)
        counts[next((place for place, step in enumerate(made.transforms) if step.params), -1)] += 1
    assert stats.chisquare(counts, 2000 * np.array(shares)).pvalue > 0.01


def test_the_parts_of_the_augmentation_happen_independently() -> None:
    """Masks stay where neither a distortion (0.3) nor the crop (0.25) happens; then the image changes by 0.3."""
    recipe = dataclasses.replace(recipes()["pxs"], image_size=48)
    image = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    images, masks = Albumentations(recipe, 0)([Stored(image, image, None, 48, 48)] * 1500, 0, np.arange(1500))
    assert masks is not None
    mask_stays = (masks == image).all((1, 2))
    image_stays = (images == image).all((1, 2))
    assert mask_stays.mean() == pytest.approx(0.7 * 0.75, abs=0.04)
    assert image_stays[mask_stays].mean() == pytest.approx(0.7, abs=0.05)


def test_no_pixel_of_a_chest_is_blackened_but_by_brightness_and_contrast() -> None:
    recipe = recipes()["pxs"]
    bright = np.full((224, 224), 255, np.uint8)
    images, masks = Albumentations(recipe, 0)([Stored(bright, bright // 255, None, 224, 224)] * 60, 0, np.arange(60))
    assert images.min() > 255 * 0.6 - 1  # contrast and brightness each less by a fifth
    assert masks is not None
    assert masks.min() == 1
