"""Bootstrap over patients: equal to scoring each resample anew, and covering what it should."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from analysis.bootstrap import auroc_of_resamples, dice_of_resamples, draw_counts, interval, interval_of_mean


def drawn_rows(counts: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize("levels", [3, 50, None], ids=["many ties", "some ties", "no ties"])
def test_each_resamples_auroc_is_scikit_learns_of_the_drawn_images(levels: int | None) -> None:
    generator = np.random.default_rng(0)
    targets = (generator.random((300, 4)) < [0.05, 0.2, 0.5, 0.9]).astype(float)
    scores = generator.normal(size=(300, 4)) + targets
    if levels:
        scores = np.round(scores * levels / 10)
    targets[generator.random((300, 4)) < 0.2] = np.nan
    counts = draw_counts(generator.integers(0, 60, 300).tolist(), 25, seed=1)
    found = auroc_of_resamples(targets, scores, counts)
    for resample, drawn in enumerate(counts):
        rows = drawn_rows(drawn)
        for column in range(4):
            labelled = rows[~np.isnan(targets[rows, column])]
            expected = roc_auc_score(targets[labelled, column], scores[labelled, column])
            assert found[resample, column] == pytest.approx(expected, abs=1e-12)


def test_all_images_of_a_patient_are_drawn_together_and_as_many_patients_as_there_are() -> None:
    patients = ["b", "a", "b", "c", "a", "b"]
    counts = draw_counts(patients, 200, seed=0)
    assert counts.shape == (200, 6)
    assert (counts[:, 0] == counts[:, 2]).all() and (counts[:, 0] == counts[:, 5]).all()
    assert (counts[:, 1] == counts[:, 4]).all()
    assert (counts[:, 0] + counts[:, 1].astype(int) + counts[:, 3] == 3).all()
    assert np.array_equal(counts, draw_counts(patients, 200, seed=0))
    assert not np.array_equal(counts, draw_counts(patients, 200, seed=1))
    assert counts[:, 3].mean() == pytest.approx(1, abs=0.15)


def test_a_resample_without_positives_is_undefined_and_left_out_of_the_interval() -> None:
    counts = np.array([[0, 1, 2], [1, 1, 1], [2, 0, 1]], np.uint8)
    found = auroc_of_resamples([[1], [0], [0]], [[0.9], [0.1], [0.95]], counts)[:, 0]
    assert math.isnan(found[0])
    assert found[1:].tolist() == [0.5, 0.0]
    assert interval(0.5, found).resamples == 2
    with pytest.raises(ValueError, match="0 defined values of 1"):
        interval(0.5, found[:1])


def test_the_interval_leaves_as_much_out_on_either_side() -> None:
    values = np.random.default_rng(0).permutation(np.arange(1001) / 1000)
    found = interval(0.4, values)
    assert (found.estimate, found.low, found.high) == (0.4, pytest.approx(0.025), pytest.approx(0.975))
    assert (found.level, found.resamples) == (0.95, 1001)
    narrow = interval(0.4, values, 0.8)
    assert (narrow.low, narrow.high, narrow.level) == (pytest.approx(0.1), pytest.approx(0.9), 0.8)
    for level in (0, 1):
        with pytest.raises(ValueError, match=f"no interval of level {level}"):
            interval(0.4, values, level)


def test_the_interval_of_a_mean_is_of_means_over_runs_resample_by_resample() -> None:
    runs = [[0.1, 0.9, 0.5, None], [0.3, 0.5, 0.1, 0.2]]
    low, high = np.quantile([0.2, 0.7, 0.3], [0.025, 0.975])  # the last resample has no mean
    assert interval_of_mean(runs) == pytest.approx((low, high))  # type: ignore[arg-type]


def test_both_dice_are_those_of_the_drawn_images() -> None:
    generator = np.random.default_rng(2)
    tp, fp, fn = (generator.integers(0, 40, 50) for _ in range(3))
    tp[:5] = fp[:5] = fn[:5] = 0  # nothing there and nothing found
    counts = draw_counts(range(50), 10, seed=3)
    mean, pooled = dice_of_resamples(tp, fp, fn, counts)
    for resample, drawn in enumerate(counts):
        rows = drawn_rows(drawn)
        each = [1.0 if n == 0 else 2 * t / n for t, n in zip(tp[rows], (2 * tp + fp + fn)[rows], strict=True)]
        assert mean[resample] == pytest.approx(np.mean(each))
        assert pooled[resample] == pytest.approx(2 * tp[rows].sum() / (2 * tp + fp + fn)[rows].sum())


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Scores N(0, 1) and N(1, 1): the area is Phi(1 / sqrt(2))."""
    truth, covered, generator = 0.7602499389065233, 0, np.random.default_rng(4)
    targets = np.repeat([0.0, 1.0], 60)[:, None]
    for trial in range(150):
        scores = generator.normal(size=(120, 1)) + targets
        values = auroc_of_resamples(targets, scores, draw_counts(range(120), 200, seed=trial))[:, 0]
        found = interval(float(np.mean(values)), values)
        covered += found.low <= truth <= found.high
    assert 0.88 <= covered / 150 <= 0.99


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=12))
def test_counts_are_copies_of_images(rows: list[tuple[bool, int, int]]) -> None:
    targets, scores, counts = (np.array([float(row[part]) for row in rows]) for part in range(3))
    copied = np.repeat(np.arange(len(rows)), counts.astype(int))
    (found,) = auroc_of_resamples(targets[:, None], scores[:, None], counts.astype(np.uint8)[None])[0]
    if len(set(targets[copied])) < 2:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(targets[copied], scores[copied]), abs=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    counts = np.ones((1, 3), np.uint8)
    with pytest.raises(ValueError, match="do not fit"):
        auroc_of_resamples(np.zeros((2, 1)), np.zeros((2, 1)), counts)
    with pytest.raises(ValueError, match="1 of 3 scores are NaN"):
        auroc_of_resamples(np.zeros((3, 1)), [[0.1], [np.nan], [0.2]], counts)
