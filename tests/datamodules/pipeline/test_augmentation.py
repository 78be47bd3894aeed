"""Segmentation's augmentation: what is drawn, and what images and masks become, as albumentations 0.4.3 did it.

The expected values are that version's formulas (albumentations/augmentations/transforms.py and functional.py at commit
967fe1b of https://github.com/albumentations-team/albumentations) written out again.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from datamodules.pipeline.augmentation import Albumentations, transform_of
from datamodules.prepared.storage import Stored
from specs.recipe import Recipe
from specs.recipe_parts import (
    Adam,
    Augmentation,
    BrightnessContrast,
    Elastic,
    Gamma,
    GridDistortion,
    HorizontalFlip,
    OneOf,
    OpticalDistortion,
    SizedCrop,
    VerticalFlip,
)

SIZE = 64
WARPS = (Elastic(120, 6, affine=3.6), GridDistortion(), OpticalDistortion(2.0))
BASE = Recipe(image_size=SIZE, batch_size=1, epochs=1, optimizer=Adam(1e-3))


def seeded(step: Augmentation, seed: int, size: int = SIZE) -> Any:
    """The transform of a step that is always done."""
    made: Any = transform_of(dataclasses.replace(step, p=1.0), size)
    made.set_random_seed(seed)
    return made


def drawn(step: Augmentation, count: int, size: int = SIZE) -> list[dict[str, Any]]:
    """What the transform of a step draws for each of so many images."""
    made = seeded(step, 0, size)
    return [made.get_params_dependent_on_data({"shape": (size, size)}, {}) for _ in range(count)]


def mirrored(places: NDArray[Any]) -> NDArray[Any]:
    """Columns from 0 to SIZE - 1 continued as a mirror image to both sides: a triangle wave."""
    period = 2 * (SIZE - 1)
    within = np.mod(places, period)
    return np.minimum(within, period - within)


def test_the_steps_of_one_image_draw_independently() -> None:
    """Both flips, one, the other or none: as often each. A chosen step's own draw says nothing of its being chosen."""
    corner = np.zeros((SIZE, SIZE), np.uint8)
    corner[0, 0] = 255
    stored = [Stored(corner, None, None, SIZE, SIZE)] * 1000
    flips = dataclasses.replace(BASE, augmentation=(HorizontalFlip(), VerticalFlip()))
    images, _ = Albumentations(flips, 0)(stored, 0, np.arange(1000))
    counts = [int((images[:, row, column] == 255).sum()) for row in (0, -1) for column in (0, -1)]
    assert stats.chisquare(counts, [250] * 4).pvalue > 0.01

    gray = [Stored(np.full((1, 1), 100, np.uint8), None, None, 1, 1)] * 1000
    brighter = dataclasses.replace(BASE, image_size=1, augmentation=(BrightnessContrast(0.2, p=0.3),))
    levels = Albumentations(brighter, 0)(gray, 0, np.arange(1000))[0].ravel()
    changed = levels[levels != 100].astype(float)
    assert len(changed) == pytest.approx(300, abs=45)
    assert changed.mean() == pytest.approx(100, abs=5)


@pytest.mark.parametrize("step", WARPS, ids=lambda step: type(step).__name__)
def test_no_pixel_is_blackened(step: Augmentation) -> None:
    white = np.full((SIZE, SIZE), 255, np.uint8)
    stored = [Stored(white, white // 255, None, SIZE, SIZE)] * 50
    recipe = dataclasses.replace(BASE, augmentation=(dataclasses.replace(step, p=1.0),))
    images, masks = Albumentations(recipe, 0)(stored, 0, np.arange(50))
    assert images.min() == 255
    assert masks is not None
    assert masks.min() == 1


@pytest.mark.parametrize("step", WARPS[1:], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("axis", [0, 1])
def test_image_and_mask_are_taken_from_one_map_with_a_mirror_at_the_border(step: Augmentation, axis: int) -> None:
    ramp = np.indices((SIZE, SIZE), dtype=np.uint8)[axis]
    outside = False
    for seed in range(8):
        made = seeded(step, seed)
        result = made(image=ramp, mask=ramp)
        places = made.params["map_y" if axis == 0 else "map_x"]
        outside |= bool((places > SIZE).any())
        assert np.abs(result["image"] - mirrored(places)).max() <= 0.6  # whole values, and OpenCV's steps of 1/32
        assert np.abs(result["mask"] - mirrored(places)).max() <= 0.6
    assert outside


@pytest.mark.parametrize("step", [*WARPS, SizedCrop(0.5)], ids=lambda step: type(step).__name__)
def test_an_image_gets_values_between_its_own_and_a_mask_does_not(step: Augmentation) -> None:
    halves = np.where(np.indices((SIZE, SIZE)).sum(0) < SIZE, 0, 200).astype(np.uint8)
    results = [seeded(step, seed)(image=halves, mask=halves) for seed in range(4)]
    assert set(np.unique([result["mask"] for result in results])) == {0, 200}
    assert all(len(np.unique(result["image"])) > 10 for result in results)


@pytest.mark.parametrize("axis", [0, 1])
def test_an_elastic_step_displaces_what_its_affine_part_made(axis: int) -> None:
    ramp = np.indices((SIZE, SIZE), dtype=np.uint8)[axis]
    for seed in range(8):
        made = seeded(Elastic(120, 6, affine=3.6), seed)
        result = made(image=ramp, mask=ramp)
        inverse = np.linalg.inv(np.vstack([made.params["matrix"], [0, 0, 1]]))
        x, y = (mirrored(places) for places in made.params["maps"])
        expected = mirrored((inverse @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)]))[1 - axis].reshape(x.shape))
        assert np.abs(result["image"] - expected).mean() < 0.5
        assert np.abs(result["image"] - expected).max() < 1.6  # two interpolations
        assert np.abs(result["mask"] - expected).max() < 2.1  # up to half a pixel each way, twice


def test_elastic_noise_is_uniform() -> None:
    (params,) = drawn(Elastic(alpha=1.0, sigma=0.0), 1)
    noise = [params["maps"][0] - np.arange(SIZE), params["maps"][1] - np.arange(SIZE)[:, None]]
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.05
    for field in noise:
        assert stats.kstest(field.ravel(), stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_the_affine_part_moves_its_points_by_uniform_draws() -> None:
    third, middle = SIZE // 3, SIZE // 2
    corners = np.array([[middle + third] * 2, [middle + third, middle - third], [middle - third] * 2])
    places = np.column_stack([corners, np.ones(3)])
    moved = np.array([places @ params["matrix"].T - corners for params in drawn(Elastic(affine=3.6), 300)])
    assert np.abs(moved).max() < 3.6001
    for offsets in moved.reshape(300, 6).T:
        assert stats.kstest(offsets, stats.uniform(-3.6, 7.2).cdf).pvalue > 0.01 / 6


def test_without_its_affine_part_an_elastic_step_only_displaces() -> None:
    (params,) = drawn(Elastic(120, 6), 1)
    assert params["matrix"] == pytest.approx(np.array([[1.0, 0, 0], [0, 1, 0]]), abs=1e-12)


def test_a_grids_stretches_are_uniform_and_add_up_to_what_they_add_up_to() -> None:
    """64 pixels in 5 cells of 12: a cell's last place is where the stretches so far have come to."""
    ends = np.array([params["map_x"][0, 11:60:12] for params in drawn(GridDistortion(), 300)])
    stretches = np.diff(ends, axis=1, prepend=0) / 12
    assert np.abs(stretches - 1).max() < 0.3001
    for cell in stretches.T:
        assert stats.kstest(cell, stats.uniform(0.7, 0.6).cdf).pvalue > 0.01 / 5
    assert ends[:, -1].std() == pytest.approx(12 * 0.6 * np.sqrt(5 / 12), rel=0.15)  # 0 if they were normalized


def test_a_lens_has_the_image_for_its_focal_length_and_no_shift() -> None:
    """OpenCV's camera of focal length SIZE, both coefficients one draw; its middle falls half a pixel further on.

    The half pixel is between OpenCV's middle of an image, (SIZE - 1) / 2, and the library's, SIZE / 2. The library
    rounded its shift from [-0.5, 0.5] to whole pixels, which gives 0 always.
    """
    assert {round(shift) for shift in np.linspace(-0.5, 0.5, 1001).tolist()} == {0}
    y, x = (np.indices((SIZE, SIZE)) - (SIZE - 1) / 2) / SIZE
    square = x**2 + y**2
    coefficients = []
    for params in drawn(OpticalDistortion(2.0), 200):
        bent = (params["map_x"][0, 0] - SIZE / 2) / (SIZE * x[0, 0])
        k = (bent - 1) / (square[0, 0] + square[0, 0] ** 2)
        factor = SIZE * (1 + k * square + k * square**2)
        assert np.abs(params["map_x"] - (x * factor + SIZE / 2)).max() < 1e-3
        assert np.abs(params["map_y"] - (y * factor + SIZE / 2)).max() < 1e-3
        coefficients.append(k)
    assert stats.kstest(coefficients, stats.uniform(-2, 4).cdf).pvalue > 0.01


def test_a_gamma_is_a_whole_percent_and_the_inverse_of_the_exponent() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    tables = [
        np.floor(255 * (np.arange(256) / 255) ** (1 / (percent / 100 + 1e-7))).astype(np.uint8).tobytes()
        for percent in range(80, 121)
    ]
    assert len(set(tables)) == 40  # 101 % changes no level by a whole one
    made = seeded(Gamma(0.2), 0)
    found = Counter(made(image=levels)["image"].tobytes() for _ in range(2050))
    assert set(found) == set(tables)
    expected = [50 * tables.count(table) for table in found]
    assert stats.chisquare(list(found.values()), expected).pvalue > 0.01


def test_brightness_and_contrast_are_a_table_of_the_levels_cut_off() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    made, drawn_pairs = seeded(BrightnessContrast(0.2), 0), []
    for _ in range(300):
        found = made(image=levels)["image"].ravel()
        contrast, brightness = made.params["alpha"], made.params["beta"]
        cut_off = np.clip(np.arange(256) * contrast + brightness, 0, 255) - found
        assert cut_off.min() > -1e-3
        assert cut_off.max() < 1 + 1e-3
        drawn_pairs.append((contrast - 1, brightness / 255))
    for values in np.transpose(drawn_pairs):
        assert stats.kstest(values, stats.uniform(-0.2, 0.4).cdf).pvalue > 0.01


def test_a_crops_side_includes_both_ends_and_its_start_never_the_last_place() -> None:
    sides, shares = [], []
    for params in drawn(SizedCrop(156 / 224), 4000, 224):
        left, top, right, bottom = params["crop_coords"]
        assert right - left == bottom - top
        sides.append(right - left)
        if (room := 224 - sides[-1]) > 40:
            shares += [left / room, top / room]
        assert max(left, top) < max(room, 1)
    assert stats.chisquare(np.bincount(sides, minlength=225)[156:]).pvalue > 0.01
    assert np.mean(shares) == pytest.approx(0.49, abs=0.01)  # a uniform draw in [0, 1), cut to whole pixels


def test_a_crop_is_brought_to_the_image_size() -> None:
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    made = seeded(SizedCrop(0.5), 3)
    result = made(image=image, mask=image[..., 0])
    left, top, right, bottom = made.params["crop_coords"]
    part = image[top:bottom, left:right]
    assert np.array_equal(result["image"], cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR))
    nearest = cv2.resize(part[..., 0], (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(result["mask"], nearest)


def test_one_of_chooses_by_the_steps_own_probabilities() -> None:
    made: Any = transform_of(OneOf((Gamma(p=0.2), BrightnessContrast(p=0.6)), p=0.5), SIZE)
    made.set_random_seed(0)
    image, counts = np.zeros((4, 4), np.uint8), [0, 0, 0]
    for _ in range(4000):
        for inner in made.transforms:
            inner.params = {}
        made(image=image)
        counts[next((place for place, inner in enumerate(made.transforms) if inner.params), 2)] += 1
    assert stats.chisquare(counts, [500, 1500, 2000]).pvalue > 0.01
