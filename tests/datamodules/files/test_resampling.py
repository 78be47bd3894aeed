"""Masks that are brought to another size keep whole numbers of classes."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.files.resampling import Pixels, resize_mask
from specs.recipe import Resampling
from specs.task import IGNORED


def mask() -> Pixels:
    """Quarters of 8 x 8 pixels: background, classes 1 and 7, and what nobody labelled."""
    return np.kron(np.array([[0, 1], [7, IGNORED]], np.uint8), np.ones((8, 8), np.uint8))


@pytest.mark.parametrize("method", ["antialiased", "bilinear", "nearest"])
@pytest.mark.parametrize("size", [2, 4, 5, 7, 16, 24])
def test_a_resized_mask_has_no_class_that_is_not_there(size: int, method: Resampling) -> None:
    found = resize_mask(mask(), size, method)
    assert found.shape == (size, size)
    assert found.dtype == np.uint8
    assert set(np.unique(found)) == {0, 1, 7, IGNORED}


@pytest.mark.parametrize("method", ["antialiased", "bilinear", "nearest"])
def test_a_mask_that_shrinks_by_a_whole_number_keeps_its_quarters(method: Resampling) -> None:
    assert resize_mask(mask(), 2, method).tolist() == [[0, 1], [7, IGNORED]]


@pytest.mark.parametrize("method", ["antialiased", "bilinear", "nearest"])
@pytest.mark.parametrize("size", [3, 6, 20])
def test_one_class_is_resized_as_ever_whatever_its_number(size: int, method: Resampling) -> None:
    drawn = np.random.default_rng(1).integers(0, 2, (12, 12)).astype(np.uint8)
    assert ((resize_mask(drawn * np.uint8(3), size, method) == 3) == (resize_mask(drawn, size, method) == 1)).all()
