"""What Transfusion's studies compute, beside closed forms and NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from backbones.networks.contract import Backbone
from experiments.studies.transfusion.figure_1 import _small, _three, alike
from experiments.studies.transfusion.figure_5 import SHOWN, WIDTH, Filters, _moved, first_filters, mosaic
from experiments.studies.transfusion.weights import _convolutions, _moments
from experiments.tables.named import table_named
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis
from initializers.gabor import FREQUENCIES
from specs.registry import BACKBONES, TABLES
from tests.experiments.smoke import paths_in

STUDIES = [
    name
    for name in TABLES.entries
    if name.startswith("transfusion") and isinstance(made := table_named(name, "smoke"), RunAnalysis) and made.networks
]
IMAGE = np.array([0.0, 3.0, 1.0, 7.0])


def study(name: str) -> RunAnalysis:
    made = table_named(name, "smoke")
    assert isinstance(made, RunAnalysis)
    return made


def found(name: str, folder: Path) -> AnalysisResult:
    return study(name).analyze({}, paths_in(folder))


# Figure 1


def test_identical_images_are_wholly_alike_whatever_their_brightness_and_contrast() -> None:
    assert alike(np.stack([IMAGE, IMAGE, IMAGE])) == pytest.approx(1)
    assert alike(np.stack([IMAGE, 2 * IMAGE + 5])) == pytest.approx(1)


def test_an_image_and_its_negative_are_opposites() -> None:
    assert alike(np.stack([IMAGE, 9 - IMAGE])) == pytest.approx(-1)


def test_uncorrelated_images_and_those_without_contrast_count_0() -> None:
    across, along = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])
    assert alike(np.stack([across, along])) == pytest.approx(0)
    assert alike(np.ones((3, 4))) == 0
    assert alike(np.stack([IMAGE, np.ones(4)])) == 0


def test_each_image_is_correlated_with_the_mean_of_the_others() -> None:
    images = np.random.default_rng(0).normal(size=(6, 50))
    expected = [np.corrcoef(images[k], np.delete(images, k, axis=0).mean(axis=0))[0, 1] for k in range(6)]
    assert alike(images) == pytest.approx(np.mean(expected))


def test_images_are_compared_gray_and_small_whatever_their_channels() -> None:
    gray = np.full((64, 48), 90, dtype=np.uint8)
    for image in (gray, gray[..., None], np.repeat(gray[..., None], 3, axis=2)):
        assert _three(image).shape == (64, 48, 3)
        assert np.allclose(_small(_three(image)), 90)
        assert _small(_three(image)).shape == (32 * 32,)


def test_gray_radiographs_have_no_saturation_and_more_in_common_than_formula_images(tmp_path: Path) -> None:
    rows = {row[0]: row for row in found("transfusion_figure_1", tmp_path).rows}
    assert list(rows) == ["fractals (formula)", "EyePACS", "CheXpert"]
    assert rows["CheXpert"][3] == "0.00"
    assert float(rows["EyePACS"][3]) > 0.1
    assert float(rows["CheXpert"][4]) > float(rows["fractals (formula)"][4])


def test_only_the_real_images_of_figure_1_are_patients() -> None:
    kinds = {profile: table_named("transfusion_figure_1", profile) for profile in ("phantom", "smoke", "paper")}
    assert {profile: one.of_patients for profile, one in kinds.items() if isinstance(one, RunAnalysis)} == {
        "phantom": False, "smoke": False, "paper": True,
    }  # fmt: skip


# Figure 5


def test_filters_stand_in_lines_of_six_each_in_its_own_range_of_grays() -> None:
    filters = np.stack([np.array([[0.0, 1.0], [2.0, 4.0]]) * (number + 1) - number for number in range(8)])
    picture = mosaic(filters)
    assert picture.shape == (2 * 3 - 1, WIDTH * 3 - 1)
    for number in range(8):
        line, place = divmod(number, WIDTH)
        tile = picture[3 * line : 3 * line + 2, 3 * place : 3 * place + 2]
        assert np.allclose(tile, [[0, 0.25], [0.5, 1]])
    assert (picture[2] == 1).all()  # between lines
    assert (picture[:, 2] == 1).all()
    assert (picture[3:, 6:] == 1).all()  # no filters


def test_a_constant_filter_is_gray_and_no_more_than_thirty_are_shown() -> None:
    picture = mosaic(np.ones((40, 3, 3)))
    assert picture.shape == (SHOWN // WIDTH * 4 - 1, WIDTH * 4 - 1)
    assert set(np.unique(picture)) == {0.5, 1.0}


def test_filters_that_grow_by_a_tenth_move_by_ten_percent_and_stay_what_they_are() -> None:
    before = np.random.default_rng(0).normal(size=(2, 8, 3, 5, 5))
    distance, own, others = _moved(Filters("x", before, 1.1 * before))
    assert distance == "10.0 ± 0.0"
    assert own == "1.000"
    assert float(others) < 0.5


def test_orthogonal_filters_that_change_places_are_no_longer_like_themselves() -> None:
    before = np.eye(2).reshape(1, 2, 1, 1, 2)
    assert _moved(Filters("x", before, before[:, ::-1])) == (f"{100 * np.sqrt(2):.1f}", "0.000", "1.000")
    assert _moved(Filters("x", before, -before)) == ("200.0", "1.000", "0.000")


def test_similarities_of_filters_are_absolute_cosines() -> None:
    generator = np.random.default_rng(1)
    before, after = generator.normal(size=(2, 3, 4, 2, 3, 3))
    _, own, others = _moved(Filters("x", before, after))
    cosines = np.array(
        [
            [[abs(1 - _cosine_distance(b, a)) for b in of_before] for a in of_after]
            for of_before, of_after in zip(before, after, strict=True)
        ]
    )
    diagonal = np.eye(4, dtype=bool)
    assert own == f"{cosines[:, diagonal].mean():.3f}"
    assert others == f"{cosines[:, ~diagonal].mean():.3f}"


def _cosine_distance(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.spatial.distance import cosine

    return float(cosine(a.ravel(), b.ravel()))


def test_the_first_convolutions_filters_are_shown() -> None:
    for expression in ('cbr("small", width=2)', "resnet18", "tiny(width=4)"):
        backbone: Backbone = BACKBONES.build(expression)
        first = next(module for module in backbone.modules() if isinstance(module, torch.nn.Conv2d))
        assert np.array_equal(first_filters(backbone), first.weight.detach().double().numpy())


# The appendix's histograms and Gabor filters


def test_moments_of_weights_are_numpys_and_scipys() -> None:
    weights = np.random.default_rng(0).laplace(0.3, 0.7, size=5000)
    mean, deviation, kurtosis = map(float, _moments(weights))
    assert mean == pytest.approx(np.mean(weights), abs=1e-4)
    assert deviation == pytest.approx(np.std(weights), abs=1e-4)
    assert kurtosis == pytest.approx(np.mean((weights - weights.mean()) ** 4) / np.var(weights) ** 2 - 3, abs=0.01)
    two_values = np.array([-1.0, 1.0] * 8)
    assert _moments(two_values) == ("+0.0000", "1.0000", "-2.00")
    assert abs(float(_moments(stats.norm.ppf((np.arange(10_000) + 0.5) / 10_000))[2])) <= 0.02


def test_weights_of_a_stage_are_those_of_its_convolutions_alone() -> None:
    backbone: Backbone = BACKBONES.build("resnet18")
    with torch.no_grad():
        for stage_number, stage in enumerate(backbone.stages):
            for name, tensor in backbone.weights().items():
                if backbone.stage_of(name) == stage.name and tensor.is_floating_point():
                    tensor.fill_(stage_number if tensor.ndim == 4 else 99)
    by_stage = _convolutions(backbone)
    assert list(by_stage) == [stage.name for stage in backbone.stages]
    for number, of in enumerate(by_stage.values()):
        assert set(of.tolist()) == {float(number)}
    convolutions = [module for module in backbone.modules() if isinstance(module, torch.nn.Conv2d)]
    assert sum(map(len, by_stage.values())) == sum(one.weight.numel() for one in convolutions)


def test_the_gabor_bank_is_told_for_each_size_and_needs_no_runs(tmp_path: Path) -> None:
    made = study("transfusion_gabor")
    finding = found("transfusion_gabor", tmp_path)
    assert made.networks is None
    assert not made.of_patients
    assert [row[:2] for row in finding.rows] == [("7 x 7", "64"), ("5 x 5", "64"), ("3 x 3", "64")]
    assert {row[2] for row in finding.rows} == {", ".join(f"{one:g}" for one in FREQUENCIES)}
    drawing = finding.draw()
    assert [axes.get_title() for axes in drawing.axes] == [f"{size} x {size} pixels" for size in (7, 5, 3)]
    for axes, size in zip(drawing.axes, (7, 5, 3), strict=True):
        assert axes.images[0].get_array().shape == (5 * (size + 1) - 1, 6 * (size + 1) - 1)  # 30 filters
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_which_every_run_failed_is_still_written_and_drawn(name: str, tmp_path: Path) -> None:
    finding = found(name, tmp_path)
    assert all(len(row) == len(finding.header) for row in finding.rows)
    assert finding.draw().get_figwidth() > 0
    numbers = [text for row in finding.rows for text in row[1:] if text[0].isdecimal()]
    assert set(numbers) <= {"0"}  # pairs
    assert finding.notes
