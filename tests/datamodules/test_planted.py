"""Planted worlds: the contract of a dataset, classes as planted, and nothing that gives the target away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

from datamodules.planted import Planted
from datamodules.worlds import drawing
from datamodules.worlds.world import SIZE, part_of, worlds
from specs.errors import UsageError
from tests.datamodules.contract import DatasetContract

NOWHERE = Path()
PARTS = [(world, part) for world in worlds() for part in ("source", "target")]


class TestPlantedTarget(DatasetContract):
    expression = 'planted("features")'
    drawn = ()


class TestPlantedSource(DatasetContract):
    expression = 'planted("domain", "natural", draw=2)'
    drawn = ()


def images(dataset: Planted, split: str, most: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Flat pixels and labels of the first images of a split."""
    samples = dataset.index(NOWHERE).split(split)[:most]  # type: ignore[arg-type]
    pixels = np.stack([dataset.read_image(NOWHERE, one).ravel() for one in samples]).astype(float)
    return pixels, np.array([int(one.target[0]) for one in samples])


def test_the_worlds_are_those_of_the_folder() -> None:
    assert worlds() == ["domain", "features", "plenty", "scale"]
    for world in worlds():
        assert part_of(world, "target").names


@pytest.mark.parametrize(("world", "part"), PARTS)
def test_an_image_depends_on_its_name_and_the_draw_alone(world: str, part: str) -> None:
    one, again, other = Planted(world, part), Planted(world, part), Planted(world, part, draw=1)
    first, second = one.index(NOWHERE).train[:2]
    image = one.read_image(NOWHERE, first)
    assert image.shape == (SIZE, SIZE)
    assert np.array_equal(image, again.read_image(NOWHERE, first))
    assert not np.array_equal(image, other.read_image(NOWHERE, first))
    assert not np.array_equal(image, one.read_image(NOWHERE, second))
    assert not np.array_equal(image, one.read_image(NOWHERE, one.index(NOWHERE).test[0]))


@pytest.mark.parametrize(("world", "part"), PARTS)
def test_few_pixels_are_cut_off_and_the_grays_are_used(world: str, part: str) -> None:
    pixels, _ = images(Planted(world, part), "train", 40)
    assert np.mean((pixels == 0) | (pixels == 255)) < 0.01
    assert 10 < pixels.std() < 60


@pytest.mark.parametrize(
    ("world", "ceiling"), [("features", 14 / 15), ("domain", 14 / 15), ("plenty", 0.97), ("scale", 0.9375)]
)
def test_wrong_labels_set_the_best_possible_score(world: str, ceiling: float) -> None:
    """Whoever knows the truth of every image has the AUROC that is planted."""
    dataset, part = Planted(world), part_of(world, "target")
    labels = [sample.target[0] for sample in dataset.index(NOWHERE).test]
    truth = [part.classes[part.kind(number)] for number in range(len(labels))]
    assert np.mean(truth) == np.mean(labels) == 0.5
    assert roc_auc_score(labels, truth) == pytest.approx(ceiling, abs=0.002)


def statistics(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean, spread, range, roughness along both sides and a coarse histogram of each image."""
    square = pixels.reshape(-1, SIZE, SIZE)
    down, right = np.abs(np.diff(square, axis=1)).mean((1, 2)), np.abs(np.diff(square, axis=2)).mean((1, 2))
    grays = np.stack([((pixels >= low) & (pixels < low + 32)).mean(1) for low in range(0, 256, 32)], axis=1)
    return np.column_stack([pixels.mean(1), pixels.std(1), np.ptp(pixels, axis=1), down, right, grays])


@pytest.mark.parametrize("of", ["pixels", "statistics"])
def test_a_linear_classifier_cannot_solve_the_target_of_features(of: str) -> None:
    """Ten times the target's training images: classes differ by what no sum of pixels or of their statistics shows."""
    part, dataset = part_of("features", "target"), Planted("features", "source")
    pixels, numbers = images(dataset, "train", 1600)
    labels = np.array(part.classes)[numbers]
    shown = statistics(pixels) if of == "statistics" else pixels
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200)).fit(shown[:1200], labels[:1200])
    assert roc_auc_score(labels[1200:], model.decision_function(shown[1200:])) < 0.6


def test_source_and_target_of_features_show_the_same_glyphs() -> None:
    """A matched filter with the world's own glyphs names them in both; with another draw's it does not."""
    bank = drawing.glyphs(drawing.seeded("features", "glyphs", 0), 4)
    wrong = drawing.glyphs(drawing.seeded("features", "glyphs", 1), 4)
    for part in ("source", "target"):
        dataset, made = Planted("features", part), part_of("features", part)
        pixels, _ = images(dataset, "train", 80)
        kinds = np.array([made.kind(number) for number in range(80)])
        assert np.mean(_matched(pixels, bank) == kinds) > 0.8
        assert np.mean(_matched(pixels, wrong) == kinds) < 0.5


def _matched(pixels: NDArray[np.float64], bank: NDArray[np.float64]) -> NDArray[np.int64]:
    """The glyph whose three strongest responses in an image are highest, with the background taken off."""
    square = pixels.reshape(-1, SIZE, SIZE)
    windows = np.lib.stride_tricks.sliding_window_view(square, (5, 5), axis=(1, 2))
    level = windows - windows.mean((3, 4), keepdims=True)
    responses = np.einsum("nrcij,kij->nkrc", level, bank).reshape(len(square), len(bank), -1)
    strongest: NDArray[np.int64] = np.sort(responses, axis=2)[:, :, -3:].sum(2).argmax(1)
    return strongest


def test_glyphs_have_the_same_brightness_contrast_and_spectrum_as_their_turned_ones_and_are_unlike() -> None:
    bank = drawing.glyphs(np.random.default_rng(0), 4)
    assert bank.shape == (8, 5, 5)
    assert bank.mean((1, 2)) == pytest.approx(np.zeros(8), abs=1e-12)
    assert (bank**2).mean((1, 2)) == pytest.approx(np.ones(8))
    spectra = np.abs(np.fft.fft2(bank))
    assert spectra[:4] == pytest.approx(spectra[4:])
    alike = np.einsum("kij,lij->kl", bank, bank) / 25 - np.eye(8)
    assert alike.max() <= drawing.ALIKE


def test_labels_of_the_source_of_scale_say_nothing_of_its_images() -> None:
    pixels, labels = images(Planted("scale", "source"), "train", 800)
    model = LogisticRegression(C=1e-4, max_iter=200).fit(pixels[:600] / 255, labels[:600])
    assert 0.4 < roc_auc_score(labels[600:], model.decision_function(pixels[600:] / 255)) < 0.6


def test_strokes_lie_along_their_direction() -> None:
    """The longest axis of the drawn image's brightness."""
    none = np.zeros(1)
    for degrees in (0.0, 30.0, 120.0):
        image = drawing.strokes(none + 12, none + 12, none + degrees, none + 1, 6.0)
        weight = np.clip(image, 0, None)
        down, right = drawing.ROWS - 12, drawing.COLUMNS - 12
        moments = [[np.sum(weight * one * other) for one in (down, right)] for other in (down, right)]
        row, column = np.linalg.eigh(np.array(moments))[1][:, 1]
        apart = (np.rad2deg(np.arctan2(column, row)) - degrees) % 180
        assert min(apart, 180 - apart) < 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("feature",), 'planted world "feature".*features'),
        (("features", "sauce"), 'part of the planted world features "sauce".*source'),
        (("features", "target", -1), "draw is a whole number from 0, found -1"),
    ],
)
def test_what_does_not_exist_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Planted(*arguments)  # type: ignore[arg-type]


def test_images_stay_those_that_were_counted() -> None:
    """Means over 6 x 6 squares; other images are another dataset, whose version is raised."""
    for (world, part), expected in SHOWN.items():
        dataset = Planted(world, part)
        image = dataset.read_image(NOWHERE, dataset.index(NOWHERE).test[3]).astype(float)
        means = image.reshape(4, 6, 4, 6).mean((1, 3))
        assert means == pytest.approx(np.array(expected), abs=0.6), (world, part)


SHOWN: dict[tuple[str, str], list[list[int]]] = {
    ("features", "target"): [[101, 115, 96, 137], [120, 128, 105, 113], [123, 144, 110, 95], [127, 114, 98, 125]],
    ("plenty", "source"): [[112, 142, 154, 126], [124, 160, 166, 138], [124, 153, 151, 125], [109, 129, 133, 110]],
    ("domain", "source"): [[145, 133, 145, 156], [151, 145, 143, 159], [166, 144, 160, 165], [142, 135, 156, 149]],
    ("scale", "target"): [[110, 119, 139, 146], [127, 132, 173, 173], [118, 123, 124, 126], [109, 118, 113, 117]],
}
