"""Phantoms leave room: labels are doubtful, and what is asked for is neither the only structure nor a sharp one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from datamodules.phantoms.phantom import ensure_phantom
from datamodules.phantoms.phantom_images import chest, chest_slices, doubtful_chest, lungs, pneumothorax
from specs.expression import parse
from specs.registry import DATASETS


def common(images: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """The mean of images."""
    mean: NDArray[np.float64] = np.stack(images).mean(axis=0)
    return mean


def mean_chest(ill: bool) -> NDArray[np.float64]:
    """What all of 200 drawn chests have in common."""
    return common([doubtful_chest(np.random.default_rng([ill, n]), 32, ill, 0, 1.0)[0] for n in range(200)])


def across_left_borders(images: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> tuple[float, float]:
    """How much darker it is inside than outside, in gray levels: side by side, and eleven pixels apart."""
    near, far = [], []
    for image, mask in images:
        gray = image.astype(float)
        row = int(np.flatnonzero(mask.any(1)).mean())
        column = int(np.flatnonzero(mask[row])[0])
        near.append(gray[row, column - 1] - gray[row, column])
        far.append(gray[row, column - 6] - gray[row, column + 5])
    return float(np.mean(near)), float(np.mean(far))


def darkest_in_vessel(values: NDArray[np.int16]) -> float:
    """The lowest mean of 5 x 5 pixels in the middle of a slice's vessel, in Hounsfield units."""
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]]
    bright = values > 150
    middle = (rows - rows[bright].mean()) ** 2 + (columns - columns[bright].mean()) ** 2 < 5**2
    return float(cv2.blur(values.astype(float), (5, 5))[middle].min())


def test_a_reader_is_wrong_about_the_same_small_share_of_ill_and_healthy_chests() -> None:
    for ill in (False, True):
        wrong = [doubtful_chest(np.random.default_rng(n), 8, ill, 0, 1.0)[1] != ill for n in range(1000)]
        assert np.mean(wrong) == pytest.approx(0.04, abs=0.015)


def test_the_ill_differ_from_the_healthy_where_the_finding_is_and_nowhere_else() -> None:
    difference = mean_chest(ill=True) - mean_chest(ill=False)
    row, column = np.unravel_index(difference.argmax(), difference.shape)
    assert (row / 31, column / 31) == pytest.approx(((1 - 0.5) / 2, (1 + 0.42) / 2), abs=0.08)
    elsewhere = difference[:, :14]  # the other lung
    assert np.abs(elsewhere).max() < difference.max() / 3


def test_healthy_chests_have_findings_too() -> None:
    plain = common([chest(np.random.default_rng([2, n]), 32, {}) for n in range(200)])
    assert np.abs(mean_chest(ill=False) - plain).max() > 5


@pytest.mark.parametrize(("expression", "images"), [("shenzhen", 25), ('medmnist("pneumoniamnist")', 120)])
def test_whoever_knows_which_finding_was_drawn_does_not_reach_a_full_score(
    expression: str, images: int, tmp_path: Path
) -> None:
    # Both draw every other image ill, by its number.
    samples = DATASETS.build(parse(expression)).index(ensure_phantom(parse(expression), tmp_path)).test
    assert len(samples) == images
    drawn = [int(sample.patient.removeprefix("test-")) % 2 for sample in samples]
    assert 0.85 < roc_auc_score([sample.target[0] for sample in samples], drawn) < 0.98


@pytest.mark.parametrize("kind", ["lung", "pneumothorax"])
def test_a_border_is_no_step(kind: str) -> None:
    def drawn(number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        generator = np.random.default_rng(number)
        if kind == "lung":
            return lungs(generator, 96)[:2]
        image, masks = pneumothorax(generator, 96, 1)
        return image, masks[0]

    near, far = across_left_borders(drawn(number) for number in range(300))
    assert far > 8
    assert near < far / 6


def test_an_image_without_a_pneumothorax_has_a_dark_fold_that_looks_like_one() -> None:
    plain = common([chest(np.random.default_rng([3, n]), 32, {}) for n in range(100)])
    folded = common([pneumothorax(np.random.default_rng([3, n]), 32, 0)[0] for n in range(100)])
    assert pneumothorax(np.random.default_rng(0), 32, 0)[1] == []
    assert (plain - folded).max() > 5
    assert (folded - plain).max() < 2


def test_a_vessel_without_a_defect_can_be_as_dark_as_one_with_it() -> None:
    def darkness(filled: set[int]) -> list[float]:
        return [-darkest_in_vessel(chest_slices(np.random.default_rng([4, n]), 48, 1, filled)[0]) for n in range(60)]

    assert 0.6 < roc_auc_score([0] * 60 + [1] * 60, darkness(set()) + darkness({0})) < 0.95
