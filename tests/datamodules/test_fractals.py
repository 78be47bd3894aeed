"""Fractals: the contract of a dataset, and images that a class has in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules import fractals
from datamodules.dataset.sample import Sample
from datamodules.fractals import Fractals
from specs.errors import UsageError
from tests.datamodules.contract import DatasetContract


class TestFractals(DatasetContract):
    expression = "fractals(classes=4, per_class=20)"
    drawn = ()


class TestCoarseFractals(DatasetContract):
    expression = 'fractals("coarse", classes=8, per_class=20)'
    drawn = ()


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


def test_the_images_stay_those_that_networks_were_pretrained_on() -> None:
    """Means over 4 x 4 squares; other images are another dataset, whose version is raised."""
    shown = {
        "0-0": [[25, 6, 5, 3], [25, 53, 14, 4], [28, 43, 18, 5], [3, 22, 4, 11]],
        "5-3": [[16, 23, 48, 7], [36, 97, 60, 51], [57, 16, 10, 8], [32, 3, 3, 3]],
        "1-9": [[3, 6, 20, 26], [3, 32, 40, 24], [3, 7, 18, 12], [3, 3, 7, 24]],
    }
    colors = {"0-0": (13.42, 17.85, 19.01), "5-3": (21.54, 36.02, 30.41), "1-9": (13.12, 13.72, 16.73)}
    dataset = Fractals()
    samples = {sample.id: sample for sample in dataset.read_labels(Path()).samples}
    for name, means in shown.items():
        image = dataset.read_image(Path(), samples[name]).astype(float)
        assert image.reshape(4, 8, 4, 8, 3).mean(axis=(1, 3, 4)) == pytest.approx(np.array(means), abs=0.6)
        assert image.mean(axis=(0, 1)) == pytest.approx(colors[name], abs=0.05)


def test_the_maps_of_a_class_contract_and_fill_enough_of_an_image() -> None:
    """A map's largest singular value is at most 0.8; 0.15 of a grid of 32 is covered (Kataoka et al. 2020)."""
    for number in range(8):
        system = fractals._system(number)
        assert np.linalg.svd(system[:, :4].reshape(-1, 2, 2), compute_uv=False).max() <= 0.8 + 1e-9
        points = fractals._orbit(system, np.random.default_rng(1))
        assert points.shape == (4000, 2)
        low, size = points.min(axis=0), np.ptp(points, axis=0).max()
        cells = {tuple(cell) for cell in ((points - low) / size * 31).astype(int).tolist()}
        assert len(cells) / 32**2 >= 0.15
