"""A task's score: which columns it counts, what their mean is, where it is undefined, and the same of resamples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

from analysis.bootstrap import draw_counts
from analysis.scores import OF_CLASSES, OVER, Dice, MeanAuroc, Rows, Score, mean_of_defined, score_of

CLASSES = tuple("abcdefghijkl")


def findings(count: int = 120, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Twelve findings with ties and missing labels, the third with negatives alone."""
    generator = np.random.default_rng(seed)
    targets = (generator.random((count, 12)) < 0.3).astype(float)
    probabilities = np.round(generator.random((count, 12)) * 0.6 + 0.3 * targets, 1)
    targets[:, 2] = 0
    targets[generator.random((count, 12)) < 0.1] = np.nan
    return {"targets": targets, "probabilities": probabilities}


def grades(count: int = 90) -> dict[str, NDArray[Any]]:
    """Four grades, one of each image."""
    generator = np.random.default_rng(1)
    targets = np.eye(4)[generator.integers(0, 4, count)]
    probabilities = generator.random((count, 4)) + targets
    return {"targets": targets, "probabilities": probabilities / probabilities.sum(axis=1, keepdims=True)}


def pixels(count: int = 30) -> dict[str, NDArray[Any]]:
    """Counts of every size and region; the first five images have no foreground, and in three of them none is found."""
    generator = np.random.default_rng(2)
    found: dict[str, NDArray[Any]] = {}
    for place in ("network_whole", "network_fov", "native_whole", "native_fov"):
        for name in ("tp", "fp", "fn", "tn"):
            found[f"{place}_{name}"] = generator.integers(1, 50, count)
        found[f"{place}_tp"][:5] = found[f"{place}_fn"][:5] = found[f"{place}_fp"][:3] = 0
    return found


def area(rows: Rows, column: int) -> float:
    """scikit-learn's area of one finding."""
    labelled = ~np.isnan(rows["targets"][:, column])
    return float(roc_auc_score(rows["targets"][labelled, column], rows["probabilities"][labelled, column]))


def test_the_score_of_findings_is_the_mean_area_of_the_scored_ones_that_have_both_kinds() -> None:
    rows = findings()
    score = MeanAuroc(CLASSES, ("a", "c", "d"))
    assert score.value(rows) == pytest.approx((area(rows, 0) + area(rows, 3)) / 2, abs=1e-12)
    assert math.isnan(MeanAuroc(CLASSES, ("c",)).value(rows))
    named = score.named(rows)
    assert tuple(named) == score.names() == ("auroc", *(f"auroc:{name}" for name in CLASSES))
    assert named["auroc"] == score.value(rows)
    assert math.isnan(named["auroc:c"])
    for number in (0, 1, 11):
        assert named[f"auroc:{CLASSES[number]}"] == pytest.approx(area(rows, number), abs=1e-12)


def test_grades_are_scored_one_against_the_rest_or_some_together_against_the_others() -> None:
    rows = grades()
    each = roc_auc_score(rows["targets"], rows["probabilities"], average="macro")
    assert MeanAuroc("wxyz", "wxyz").value(rows) == pytest.approx(each, abs=1e-12)
    together = roc_auc_score(rows["targets"][:, 2:].sum(axis=1), rows["probabilities"][:, 2:].sum(axis=1))
    score = MeanAuroc("wxyz", "wxyz", positives="yz")
    assert score.value(rows) == pytest.approx(together, abs=1e-12)
    assert score.named(rows)["auroc:w"] == MeanAuroc("wxyz", "w").value(rows)


def test_the_score_of_masks_is_the_mean_dice_over_images_at_the_size_of_the_networks_input() -> None:
    rows, score = pixels(), Dice()
    named = score.named(rows)
    assert tuple(named) == score.names()
    assert (len(named), next(iter(named.items()))) == (12, ("dice", score.value(rows)))
    for name, place in (
        ("dice", "network_whole"), ("dice_fov", "network_fov"), ("dice_native", "native_whole"),
        ("dice_native_fov", "native_fov"),
    ):  # fmt: skip
        tp, fp, fn = (rows[f"{place}_{count}"] for count in ("tp", "fp", "fn"))
        each = [1.0 if not t + f + n else 2 * t / (2 * t + f + n) for t, f, n in zip(tp, fp, fn, strict=True)]
        assert each[:5] == [1, 1, 1, 0, 0]
        assert named[name] == pytest.approx(np.mean(each), abs=1e-12)
        assert named[f"{name}_findings"] == pytest.approx(np.mean(each[5:]), abs=1e-12)
        truth = np.repeat([1, 0, 1], [tp.sum(), fp.sum(), fn.sum()])
        found = np.repeat([1, 1, 0], [tp.sum(), fp.sum(), fn.sum()])
        assert named[f"{name}_pooled"] == pytest.approx(f1_score(truth, found), abs=1e-12)


def test_without_any_finding_the_dice_of_findings_is_undefined_and_the_others_are_not() -> None:
    named = Dice().named({name: values[:5] for name, values in pixels().items()})
    assert math.isnan(named["dice_findings"])
    assert named["dice"] == pytest.approx(3 / 5)


def test_a_mask_of_a_single_pixel_is_a_finding() -> None:
    counts = {"tp": [0, 0], "fp": [0, 0], "fn": [1, 0]}
    rows = {f"network_whole_{name}": np.array(of) for name, of in counts.items()}
    assert Dice("findings").value(rows) == 0


def test_the_mean_and_the_pooled_dice_are_the_two_that_the_benchmarks_official_code_prints() -> None:
    """BenchmarkTransferLearning, Version1/utils.py, ``dice`` of all images at once and ``mean_dice_coef``, written out.

    As in SIIM-ACR most images show nothing: with the same masks the mean lies far above the pooled one.
    """
    generator = np.random.default_rng(5)
    truth, found = np.zeros((2, 40, 1, 16, 16), bool)
    truth[:9] = generator.random((9, 1, 16, 16)) < 0.3
    found[:9] = truth[:9] ^ (generator.random((9, 1, 16, 16)) < 0.2)
    found[9:12] = generator.random((3, 1, 16, 16)) < 0.2

    def official(one: NDArray[Any], other: NDArray[Any]) -> float:
        size = one.sum() + other.sum()
        return 1.0 if size == 0 else float(2.0 * np.logical_and(one, other).sum() / size)

    counts = {"tp": found & truth, "fp": found & ~truth, "fn": ~found & truth}
    rows = {f"network_whole_{name}": of.sum(axis=(1, 2, 3)) for name, of in counts.items()}
    pooled, mean = official(found, truth), float(np.mean([official(found[i], truth[i]) for i in range(40)]))
    assert Dice("pixels").value(rows) == pytest.approx(pooled, abs=1e-12)
    assert Dice().value(rows) == pytest.approx(mean, abs=1e-12)
    assert mean > pooled + 0.2
    assert score_of("segmentation", "x", "x", ()).by_name()["dice_pooled"] == Dice("pixels")


def pixels_of_classes(count: int = 30) -> dict[str, NDArray[Any]]:
    """Counts of two classes, of which other images show nothing."""
    first, second = pixels(count), {name: values[::-1] * 2 for name, values in pixels(count).items()}
    return {f"{name}:{place}": values for name, rows in (("a", first), ("b", second)) for place, values in rows.items()}


def test_the_dice_of_several_classes_is_the_mean_of_each_ones_own() -> None:
    rows, score = pixels_of_classes(), score_of("segmentation", ("a", "x", "b"), ("a", "b"), ())
    each = {name: {place.removeprefix(f"{name}:"): values for place, values in rows.items()} for name in "ab"}
    named = score.named(rows)
    for variant, single in Dice().by_name().items():
        alone = [single.value({place: of[place] for place in pixels()}) for of in each.values()]
        assert named[variant] == pytest.approx(np.mean(alone), abs=1e-15)
        if variant in OF_CLASSES:
            assert [named[f"{variant}:{name}"] for name in "ab"] == alone
    assert next(iter(named)) == "dice"
    assert len(named) == len(Dice().by_name()) + 2 * len(OF_CLASSES)


def test_a_class_that_no_image_shows_is_left_out_of_the_mean_over_findings() -> None:
    rows = pixels_of_classes()
    for count in ("tp", "fn"):
        rows[f"b:network_whole_{count}"] = np.zeros(30, int)
    score = Dice("findings", classes=("a", "b"))
    assert score.value(rows) == Dice("findings", classes=("a",)).value(rows)
    assert math.isnan(Dice("findings", classes=("b",)).value(rows))


EVERY = [
    (MeanAuroc(CLASSES, CLASSES), findings()),
    (MeanAuroc(CLASSES, ("a", "c", "d")), findings(40)),
    (MeanAuroc("wxyz", "wxyz"), grades(12)),
    (MeanAuroc("wxyz", "wxyz", positives="yz"), grades(12)),
    *((score, pixels()) for score in Dice().by_name().values()),
    *((Dice(over, classes=("a", "b")), pixels_of_classes()) for over in OVER.values()),
]


@pytest.mark.parametrize(("score", "rows"), EVERY)
def test_a_resample_is_scored_as_the_rows_that_it_draws(score: Score, rows: Rows) -> None:
    count = len(next(iter(rows.values())))
    counts = draw_counts(np.random.default_rng(3).integers(0, 8, count).tolist(), 40, seed=4)
    found = score.of_resamples(rows, counts)
    drawn = [np.repeat(np.arange(count), each) for each in counts]
    expected = [score.value({name: values[those] for name, values in rows.items()}) for those in drawn]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("score", "rows"), EVERY)
def test_a_resample_that_draws_each_row_once_has_the_score_of_the_test_set(score: Score, rows: Rows) -> None:
    once = np.ones((1, len(next(iter(rows.values())))), np.uint8)
    assert score.of_resamples(rows, once)[0] == pytest.approx(score.value(rows), abs=1e-15)


def test_a_resample_without_any_finding_has_no_dice_of_findings() -> None:
    rows = {name: values[3:7] for name, values in pixels().items()}  # the last two show something
    counts = np.array([[2, 2, 0, 0], [0, 0, 3, 1], [3, 0, 1, 0]], np.uint8)
    found = Dice("findings").of_resamples(rows, counts)
    assert math.isnan(found[0])
    each = (
        2
        * rows["network_whole_tp"]
        / (2 * rows["network_whole_tp"] + rows["network_whole_fp"] + rows["network_whole_fn"])
    )
    assert found[1:] == pytest.approx([(3 * each[2] + each[3]) / 4, each[2]])


def test_a_resample_without_any_defined_area_has_no_score() -> None:
    rows = {"targets": np.array([[1.0], [0.0]]), "probabilities": np.array([[0.9], [0.1]])}
    counts = np.array([[2, 0], [1, 1]], np.uint8)
    np.testing.assert_array_equal(MeanAuroc("a", "a").of_resamples(rows, counts), [np.nan, 1.0])


def test_a_mean_leaves_out_what_is_undefined_and_is_undefined_where_all_is() -> None:
    nan = math.nan
    found = mean_of_defined([[0.25, 0.75, nan], [nan, nan, nan], [0.5, nan, nan]])
    np.testing.assert_array_equal(found, [0.5, nan, 0.5])
    assert mean_of_defined([nan, 0.25, 0.5]) == 0.375
    assert math.isnan(mean_of_defined([nan]))


def test_areas_may_be_computed_by_others_while_columns_and_mean_stay() -> None:
    def firsts(targets: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
        return scores[0]

    rows = {"targets": np.eye(3), "probabilities": np.array([[0.5, np.nan, 0.25], [0, 0, 0], [0, 0, 0]])}
    assert score_of("multilabel", "abc", "abc", (), firsts).value(rows) == 0.375
    assert score_of("multilabel", "abc", "ab", (), firsts).value(rows) == 0.5
    assert score_of("multiclass", "abc", "abc", "ac", firsts).value(rows) == 0.75
    assert score_of("segmentation", ("vessel",), ("vessel",), ()) == Dice()
