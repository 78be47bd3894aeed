"""The pull of an artifact and the gap that it makes, in closed form and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from analysis.shortcuts import agreement_gap, pull

TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, 1])
THERE = np.array([0, 1, 0, 1, 0, 1, 0, 1], dtype=bool)


def test_a_predictor_that_reads_the_artifact_alone_has_a_pull_and_a_gap_of_one() -> None:
    assert pull(np.ones(8), np.zeros(8)).tolist() == [1.0]
    assert agreement_gap(TRUTH, THERE.astype(float), THERE).tolist() == [1.0]


def test_one_that_reads_it_the_wrong_way_round_has_both_at_minus_one() -> None:
    assert pull(np.zeros(8), np.ones(8)).tolist() == [-1.0]
    assert agreement_gap(TRUTH, 1.0 - THERE, THERE).tolist() == [-1.0]


def test_one_that_ignores_it_has_none_of_both_whether_it_knows_the_truth_or_nothing() -> None:
    for probabilities in (TRUTH.astype(float), np.full(8, 0.3)):
        assert pull(probabilities, probabilities).tolist() == [0.0]
        assert agreement_gap(TRUTH, probabilities, THERE).tolist() == [0.0]


def test_one_that_weighs_both_is_pulled_by_the_weight_of_the_artifact() -> None:
    """The probability 0.1 + 0.5 truth + 0.3 artifact rises by 0.3 in every image."""
    base = 0.1 + 0.5 * TRUTH
    assert pull(base + 0.3, base) == pytest.approx([0.3])


def test_the_gap_is_that_of_two_areas_of_scikit_learn_and_unlabelled_images_are_in_neither() -> None:
    rng = np.random.default_rng(0)
    truth, there = rng.integers(0, 2, 200).astype(float), rng.integers(0, 2, 200).astype(bool)
    scores = rng.normal(truth + 0.7 * there)
    agrees = truth == there
    areas = [roc_auc_score(truth[part], scores[part]) for part in (agrees, ~agrees)]
    assert agreement_gap(truth, scores, there) == pytest.approx([areas[0] - areas[1]])
    more = [np.append(truth, np.nan), np.append(scores, 9.0), np.append(there, True)]
    assert agreement_gap(*more) == pytest.approx([areas[0] - areas[1]])


def test_resamples_count_each_image_as_often_as_it_is_drawn() -> None:
    with_it, without_it = np.array([0.9, 0.5, 0.2]), np.array([0.1, 0.5, 0.1])
    counts = np.array([[1, 1, 1], [3, 0, 0], [0, 1, 2], [0, 0, 0]], np.uint8)
    assert pull(with_it, without_it, counts) == pytest.approx([0.3, 0.8, 0.2 / 3, np.nan], nan_ok=True)
    doubled = np.full((1, 8), 2, np.uint8)
    scores = np.linspace(0, 1, 8)
    assert agreement_gap(TRUTH, scores, THERE, doubled) == pytest.approx(agreement_gap(TRUTH, scores, THERE))


def test_a_gap_needs_images_of_both_kinds_on_both_sides() -> None:
    assert np.isnan(agreement_gap(TRUTH, np.linspace(0, 1, 8), np.ones(8, bool))).all()


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match=r"images \(2,\) and \(3,\) and counts \(1, 2\) do not fit"):
        pull([0.1, 0.2], [0.1, 0.2, 0.3])
