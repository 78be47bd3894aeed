"""Counting the pixels of each class in a mask."""

from __future__ import annotations

import numpy as np
import pytest

from datamodules.prepared.class_pixels import class_pixels
from specs.errors import DataError
from specs.task import IGNORED, Task

ORGANS = Task("segmentation", ("kidney", "tumour", "cyst"))


def test_each_class_is_counted_and_what_nobody_labelled_is_not() -> None:
    mask = np.array([[0, 1, 1], [3, IGNORED, 1]], np.uint8)
    assert class_pixels(mask, ORGANS).tolist() == [3, 0, 1]


def test_many_classes_are_counted_as_few_are() -> None:
    task = Task("segmentation", tuple(f"organ {number}" for number in range(9)))
    mask = np.repeat(np.arange(10, dtype=np.uint8), np.arange(10)).reshape(5, 9)
    assert class_pixels(mask, task).tolist() == list(range(1, 10))


def test_a_number_without_a_class_is_refused() -> None:
    with pytest.raises(DataError, match=r"has the value 4; expected 0, 255 .* or the number of one of 3 classes"):
        class_pixels(np.array([[0, 4]], np.uint8), ORGANS)
