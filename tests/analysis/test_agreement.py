"""Average precision and agreement by class, held against scikit-learn's."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, cohen_kappa_score, f1_score

import analysis.agreement
from analysis.agreement import (
    average_precision,
    average_precision_of_resamples,
    balanced_accuracy,
    confusions,
    confusions_of_resamples,
    macro_f1,
    quadratic_kappa,
)
from analysis.bootstrap import draw_counts


@pytest.mark.parametrize("seed", range(20))
def test_average_precision_is_that_of_scikit_learn_with_ties_and_without_labels(seed: int) -> None:
    generator = np.random.default_rng(seed)
    targets = (generator.random((40, 3)) < (0.5, 0.1, 0.9)).astype(float)
    targets[0] = 1
    scores = np.round(generator.random((40, 3)), seed % 3 + 1)
    targets[generator.random((40, 3)) < 0.2] = math.nan
    targets[1] = 1
    for column, found in enumerate(average_precision(targets, scores)):
        known = ~np.isnan(targets[:, column])
        assert found == pytest.approx(average_precision_score(targets[known, column], scores[known, column]), abs=1e-12)


def test_average_precision_by_hand() -> None:
    found = average_precision(
        np.array([[1, 0], [0, 0], [1, 0], [0, math.nan]]), np.array([[4, 1], [3, 2], [2, 3], [1, 4.0]])
    )
    assert found[0] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert math.isnan(found[1])


@pytest.mark.parametrize("seed", range(20))
def test_agreement_is_that_of_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    true, told = generator.integers(0, 4 + seed % 2, 50), generator.integers(0, 5, 50)
    counts = confusions(true, told, 6)  # a class more than there are
    assert counts[true[0], told[0]] == ((true == true[0]) & (told == told[0])).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that was told and is never true
        assert balanced_accuracy(counts) == pytest.approx(balanced_accuracy_score(true, told), abs=1e-12)
    assert macro_f1(counts) == pytest.approx(f1_score(true, told, average="macro"), abs=1e-12)
    expected = cohen_kappa_score(true, told, weights="quadratic", labels=range(6))
    assert quadratic_kappa(counts) == pytest.approx(expected, abs=1e-12)


def test_kappa_of_one_class_alone_is_undefined() -> None:
    assert math.isnan(quadratic_kappa(confusions([1, 1], [1, 1], 3)))
    assert quadratic_kappa(confusions([0, 1, 2], [0, 1, 2], 3)) == 1.0


@pytest.mark.parametrize("at_once", [1, 100, 10**6])
def test_a_resample_scores_as_scikit_learn_scores_the_images_that_it_draws(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis.agreement, "AT_ONCE", at_once)
    generator = np.random.default_rng(7)
    targets = (generator.random((30, 2)) < (0.4, 0.1)).astype(float)
    targets[3] = math.nan
    scores = np.round(generator.random((30, 2)), 1)
    counts = draw_counts([number // 3 for number in range(30)], 40, 0)
    found = average_precision_of_resamples(targets, scores, counts)
    told, true = generator.integers(0, 3, 30), generator.integers(0, 3, 30)
    matrices = confusions_of_resamples(true, told, 3, counts)
    for resample, drawn in enumerate(counts):
        rows = np.repeat(np.arange(30), drawn)
        assert (matrices[resample] == confusions(true[rows], told[rows], 3)).all()
        for column in range(2):
            known = rows[~np.isnan(targets[rows, column])]
            if targets[known, column].any():
                expected = average_precision_score(targets[known, column], scores[known, column])
                assert found[resample, column] == pytest.approx(expected, abs=1e-12)
            else:
                assert math.isnan(found[resample, column])
    assert np.isnan(found[:, 1]).any(), "some resample has no positive"
    assert np.isnan(average_precision_of_resamples(np.full((2, 1), math.nan), np.ones((2, 1)), counts[:, :2])).all()
