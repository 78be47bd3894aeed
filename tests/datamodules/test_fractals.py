"""Fractals: the contract of a dataset, and images that a class has in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from datamodules.contract import Sample
from datamodules.fractals import Fractals
from tests.datamodules.contract import DatasetContract


class TestFractals(DatasetContract):
    expression = "fractals(classes=4, per_class=20)"


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
