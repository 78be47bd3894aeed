"""Fractals: the contract of a dataset, and images that a class has in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.dataset.sample import Sample
from datamodules.fractals import Fractals
from specs.errors import UsageError
from tests.datamodules.contract import DatasetContract


class TestFractals(DatasetContract):
    expression = "fractals(classes=4, per_class=20)"


class TestCoarseFractals(DatasetContract):
    expression = 'fractals("coarse", classes=8, per_class=20)'


def test_coarse_labels_are_groups_of_systems_on_the_same_images() -> None:
    fine, coarse, nowhere = Fractals(classes=6), Fractals("coarse", classes=6), Path()
    assert coarse.task.classes == ("systems 0 to 3", "systems 4 to 5")
    one, other = fine.index(nowhere), coarse.index(nowhere)
    for split in ("train", "validation", "test"):
        pairs = list(zip(one.split(split), other.split(split), strict=True))
        assert all(a.id == b.id and b.target == (a.target[0] // 4,) for a, b in pairs)
    assert np.array_equal(fine.read_image(nowhere, one.test[0]), coarse.read_image(nowhere, other.test[0]))


@pytest.mark.parametrize(("labels", "classes"), [("fine", 1), ("coarse", 4)])
def test_a_single_class_is_refused(labels: Any, classes: int) -> None:
    with pytest.raises(UsageError, match=f"{labels} labels .* found classes={classes}"):
        Fractals(labels, classes=classes)


def test_fractals_of_one_class_look_more_alike_than_those_of_two() -> None:
    dataset, nowhere = Fractals(classes=4, per_class=60), Path()
    index = dataset.index(nowhere)

    def feature(sample: Sample) -> np.ndarray:
        gray = dataset.read_image(nowhere, sample).mean(axis=2)
        spectrum = np.abs(np.fft.fftshift(np.fft.fft2(gray / np.linalg.norm(gray))))
        return spectrum[8:25, 8:25].ravel()  # type: ignore[no-any-return]

    known = [(feature(sample), sample.target) for sample in index.train]
    hits = [min(known, key=lambda k: float(np.sum((feature(s) - k[0]) ** 2)))[1] == s.target for s in index.test]
    assert np.mean(hits) > 0.6  # chance is 0.25
