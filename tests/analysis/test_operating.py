"""Thresholds for a stated specificity, held against the definition and scikit-learn's curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from analysis.bootstrap import draw_counts
from analysis.operating import sensitivities, specificities, thresholds_at_specificity, thresholds_of_youden


def ones(images: int) -> np.ndarray:
    return np.ones((1, images), np.uint8)


@pytest.mark.parametrize("seed", range(20))
def test_where_it_was_chosen_a_threshold_has_the_largest_sensitivity_of_the_roc_curve(seed: int) -> None:
    generator = np.random.default_rng(seed)
    targets = (generator.random((60, 1)) < 0.4).astype(float)
    scores = np.round(generator.random((60, 1)) + 0.3 * targets, 1 + seed % 2)
    false_alarms, hits, _ = roc_curve(targets[:, 0], scores[:, 0], drop_intermediate=False)
    for stated in (0.5, 0.8, 0.9, 1.0):
        threshold = thresholds_at_specificity(targets, scores, stated)
        found = sensitivities(targets, scores, threshold, ones(60))[0, 0]
        assert found == pytest.approx(hits[1 - false_alarms >= stated - 1e-12].max())
        assert specificities(targets, scores, threshold, ones(60))[0, 0] >= stated


def test_the_threshold_is_the_smallest_number_with_the_specificity() -> None:
    negatives = np.arange(10.0)  # with 8 as the threshold, nine of ten do not exceed it
    targets, scores = np.zeros((11, 1)), np.append(negatives, 8.5)[:, None]
    targets[10] = 1
    assert thresholds_at_specificity(targets, scores, 0.9) == 8
    assert thresholds_at_specificity(targets, scores, 0.91) == 9
    below = np.array([np.nextafter(8.0, 0)])
    assert specificities(targets, scores, np.array([8.0]), ones(11)) == 0.9
    assert specificities(targets, scores, below, ones(11)) == 0.8
    assert sensitivities(targets, scores, np.array([8.0]), ones(11)) == 1


def test_images_without_a_label_count_nowhere_and_a_class_without_negatives_has_no_threshold() -> None:
    targets = np.array([[0, 1], [0, 1], [1, math.nan], [math.nan, 1]])
    scores = np.array([[0.1, 0.5], [0.2, 0.5], [0.3, 0.5], [0.9, 0.5]])
    thresholds = thresholds_at_specificity(targets, scores, 1.0)
    assert thresholds[0] == 0.2
    assert math.isnan(thresholds[1])
    assert sensitivities(targets, scores, thresholds, ones(4))[0, 0] == 1
    for shares in (sensitivities, specificities):
        assert math.isnan(shares(targets, scores, thresholds, ones(4))[0, 1])


def test_exchanged_classes_and_signs_are_the_rule_for_a_sensitivity() -> None:
    generator = np.random.default_rng(3)
    targets = (generator.random((50, 1)) < 0.5).astype(float)
    scores = np.round(generator.random((50, 1)), 1)
    mirrored = thresholds_at_specificity(1 - targets, -scores, 0.9)
    positives, negatives = scores[targets == 1], scores[targets == 0]
    best = max(one for one in np.unique(scores) if (positives >= one).mean() >= 0.9)
    assert mirrored == -best
    assert specificities(1 - targets, -scores, mirrored, ones(50)) == pytest.approx((positives >= best).mean())
    assert sensitivities(1 - targets, -scores, mirrored, ones(50)) == pytest.approx((negatives < best).mean())


def test_a_resample_counts_the_images_that_it_draws() -> None:
    generator = np.random.default_rng(4)
    targets, scores = (generator.random((20, 2)) < 0.5).astype(float), generator.random((20, 2))
    thresholds, counts = np.array([0.3, 0.6]), draw_counts(range(20), 30, 1)
    for shares, kind in ((sensitivities, 1), (specificities, 0)):
        found = shares(targets, scores, thresholds, counts)
        for resample, drawn in enumerate(counts):
            rows = np.repeat(np.arange(20), drawn)
            for column in range(2):
                of = scores[rows, column][targets[rows, column] == kind]
                expected = (of > thresholds[column]).mean() if kind else (of <= thresholds[column]).mean()
                assert found[resample, column] == pytest.approx(expected)


@pytest.mark.parametrize("share", [0, -0.1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="expected a share"):
        thresholds_at_specificity([[0]], [[0.5]], share)


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="scores that are numbers"):
        thresholds_at_specificity([[0]], [[math.nan]], 0.9)


@pytest.mark.parametrize("seed", range(20))
def test_youdens_threshold_has_the_largest_index_of_the_roc_curve(seed: int) -> None:
    generator = np.random.default_rng(seed)
    targets = (generator.random((50, 2)) < 0.4).astype(float)
    scores = np.round(generator.random((50, 2)) + 0.3 * targets, 1 + seed % 2)
    found = thresholds_of_youden(targets, scores)
    for column in range(2):
        false_alarms, hits, _ = roc_curve(targets[:, column], scores[:, column], drop_intermediate=False)
        told = scores[:, column] > found[column]
        positive = targets[:, column] == 1
        assert told[positive].mean() - told[~positive].mean() == pytest.approx((hits - false_alarms).max())


def test_youdens_threshold_lies_in_the_middle_of_the_widest_gap_and_leaves_out_what_is_not_labelled() -> None:
    targets = np.array([[0, 0, 1, 1, np.nan]], float).T
    scores = np.array([[0.1, 0.2, 0.8, 0.9, 0.5]]).T
    assert thresholds_of_youden(targets, scores) == [0.5]
    assert thresholds_of_youden(np.array([[0.0, 0.0, 1.0, 1.0]]).T, np.array([[0.1, 0.2, 0.3, 0.9]]).T) == [0.25]


def test_there_is_no_youden_threshold_without_both_kinds_or_with_equal_scores() -> None:
    assert np.isnan(thresholds_of_youden(np.ones((3, 1)), np.array([[0.1], [0.2], [0.3]]))).all()
    assert np.isnan(thresholds_of_youden(np.array([[0.0], [1.0]]), np.array([[0.5], [0.5]]))).all()
    with pytest.raises(ValueError, match="scores that are numbers"):
        thresholds_of_youden(np.zeros((1, 1)), np.array([[np.nan]]))
