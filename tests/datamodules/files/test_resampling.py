"""Masks that are brought to another size keep whole numbers of classes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from datamodules.files.resampling import Pixels, resize, resize_mask
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


@pytest.mark.parametrize("channels", [2, 4, 5, 7])
@pytest.mark.parametrize("method", ["antialiased", "bilinear", "nearest"])
def test_every_channel_is_resized_as_a_gray_image(method: Resampling, channels: int) -> None:
    image = np.random.default_rng(2).integers(0, 256, (20, 17, channels), np.uint8)
    image[..., -1] //= 8  # as transparency it would darken the others
    found = resize(image, 9, method)
    assert found.shape == (9, 9, channels)
    for channel in range(channels):
        alone = Image.fromarray(np.ascontiguousarray(image[..., channel]))
        if method == "antialiased":
            expected = np.asarray(alone.resize((9, 9), Image.Resampling.BILINEAR))
        else:
            code = cv2.INTER_LINEAR if method == "bilinear" else cv2.INTER_NEAREST
            expected = np.asarray(cv2.resize(np.asarray(alone), (9, 9), interpolation=code))
        np.testing.assert_array_equal(found[..., channel], expected)
