"""Reading a volume takes little memory beside its own values, whatever these are and whatever is made of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.slicing.gray import gray
from datamodules.slicing.marking import Marking

SHAPE = (128, 128, 160)
"""2.6 million voxels, so that what is done a million at a time is seen to be."""


def peak(work: Callable[[], object]) -> float:
    """The most bytes that some work takes at once."""
    tracemalloc.start()
    try:
        work()
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("kind", "most"), [(np.int16, 2.5), (np.int32, 1.4), (np.float32, 1.9), (np.float64, 1.7)])
def test_pixels_of_a_volume_take_one_copy_of_its_values_at_most(kind: Any, most: float) -> None:
    values = np.asfortranarray(np.random.default_rng(0).normal(0, 300, SHAPE).astype(kind))
    assert peak(lambda: gray(values, Path("v.nii"), None)) < most * values.nbytes


@pytest.mark.parametrize("classes", [("a",), ("a", "b")])
def test_masks_of_floats_take_less_than_their_values(classes: tuple[str, ...]) -> None:
    values = np.asfortranarray(np.random.default_rng(0).integers(0, 2, SHAPE).astype(np.float64))
    marking = Marking(classes, "one value", (), ())
    assert peak(lambda: marking.read(values, Path("v.nii"))) < values.nbytes


def test_pixels_are_those_of_numpys_percentiles_of_what_is_a_number() -> None:
    values = np.random.default_rng(1).normal(0, 300, SHAPE).astype(np.float32)
    values[np.random.default_rng(2).random(SHAPE) < 0.3] = np.nan
    low, high = np.nanpercentile(values, (0.5, 99.5))
    inside = (values > low + 3) & (values < high - 3)
    expected = (values - low) / (high - low) * 255
    assert np.abs(gray(values, Path("v.nii"), None)[inside] - expected[inside]).max() < 0.51
