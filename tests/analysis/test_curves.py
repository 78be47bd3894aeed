"""ROC and precision-recall curves and reliability beside scikit-learn's, and on the grid beside closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from analysis.agreement import average_precision
from analysis.calibration import BINS, calibration_error, reliability
from analysis.curves import GRID, precision_recall_curve, precisions_on_grid, roc_curve, sensitivities_on_grid
from analysis.metrics import auroc

EXACT = 1e-12


def drawn(seed: int, count: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores; of few levels, many scores are equal."""
    generator = np.random.default_rng(seed)
    targets = (generator.random(count) < 0.3).astype(float)
    targets[:2] = 0, 1
    return targets, np.round(np.clip(0.3 * targets + 0.7 * generator.random(count), 0, 1) * levels) / levels


@pytest.mark.parametrize(("count", "levels"), [(2, 10), (40, 5), (500, 10**9), (3000, 100)])
def test_the_exact_curves_are_scikit_learns(count: int, levels: int) -> None:
    targets, scores = drawn(count, count, levels)
    roc, precision_recall = roc_curve(targets, scores), precision_recall_curve(targets, scores)
    assert roc is not None and precision_recall is not None
    rates, sensitivities, _ = metrics.roc_curve(targets, scores, drop_intermediate=False)
    assert roc.false_positive_rates == pytest.approx(rates, abs=EXACT)
    assert roc.sensitivities == pytest.approx(sensitivities, abs=EXACT)
    precisions, recalls, _ = metrics.precision_recall_curve(targets, scores)  # ends with a point of no threshold
    assert precision_recall.precisions[::-1] == pytest.approx(precisions[:-1], abs=EXACT)
    assert precision_recall.recalls[::-1] == pytest.approx(recalls[:-1], abs=EXACT)


def test_reliability_is_scikit_learns_calibration_curve() -> None:
    targets, scores = drawn(1, 2000, 10**9)
    held = reliability(scores, targets)
    filled = held.predictions > 0
    shares, means = calibration_curve(targets, scores, n_bins=BINS)
    assert held.events[filled] / held.predictions[filled] == pytest.approx(shares, abs=EXACT)
    assert held.probabilities[filled] / held.predictions[filled] == pytest.approx(means, abs=EXACT)
    gaps = np.abs(shares - means) * held.predictions[filled] / 2000
    assert calibration_error(scores, targets) == pytest.approx(gaps.sum(), abs=EXACT)


def test_images_that_nobody_labelled_are_left_out() -> None:
    targets, scores = drawn(2, 100, 10)
    more, others = np.append(targets, [np.nan] * 7), np.append(scores, np.linspace(0, 1, 7))
    for one, other in ((roc_curve(targets, scores), roc_curve(more, others)),
                       (precision_recall_curve(targets, scores), precision_recall_curve(more, others))):  # fmt: skip
        assert one is not None and other is not None
        assert np.array_equal(np.array(one), np.array(other))


@pytest.mark.parametrize("targets", [[], [np.nan], [0.0, 0.0], [0.0, np.nan]])
def test_without_a_positive_there_is_no_curve(targets: list[float]) -> None:
    scores = np.full(len(targets), 0.5)
    assert roc_curve(targets, scores) is None
    assert precision_recall_curve(targets, scores) is None


def test_without_a_negative_there_is_no_roc_curve_and_the_precision_is_1() -> None:
    assert roc_curve([1, 1], [0.2, 0.8]) is None
    found = precision_recall_curve([1, 1], [0.2, 0.8])
    assert found is not None
    assert found.precisions.tolist() == [1, 1]
    assert found.recalls.tolist() == [0.5, 1]


def test_a_score_that_is_no_number_is_refused() -> None:
    for curve in (roc_curve, precision_recall_curve):
        with pytest.raises(ValueError, match="1 of 2 scores are NaN; expected numbers"):
            curve([0, 1], [0.5, np.nan])


def test_the_grid_joins_thresholds_by_straight_lines_and_takes_the_upper_end_of_a_rise() -> None:
    """Of three equal pairs of a positive and a negative the curve is the diagonal; a sure network is at 1 from 0 on."""
    tied = roc_curve([0, 1, 0, 1, 0, 1], [0.1, 0.1, 0.5, 0.5, 0.9, 0.9])
    sure = roc_curve([0, 0, 1], [0.1, 0.2, 0.9])
    late = roc_curve([1, 0, 0, 1], [0.9, 0.8, 0.7, 0.1])  # half, then one false positive after the other, then the rest
    assert tied is not None and sure is not None and late is not None
    assert sensitivities_on_grid(tied) == pytest.approx(GRID)
    assert sensitivities_on_grid(sure).tolist() == [1.0] * 101
    assert sensitivities_on_grid(late)[[0, 49, 50, 99, 100]] == pytest.approx([0.5, 0.5, 0.5, 0.5, 1.0])


def test_the_area_below_the_grid_is_the_auroc_and_that_of_steps_the_average_precision() -> None:
    targets, scores = drawn(3, 4000, 10**9)
    roc, precision_recall = roc_curve(targets, scores), precision_recall_curve(targets, scores)
    assert roc is not None and precision_recall is not None
    area = np.trapezoid(sensitivities_on_grid(roc), GRID)
    assert area == pytest.approx(auroc(targets[:, None], scores[:, None])[0], abs=0.002)
    steps = precisions_on_grid(precision_recall)[1:].mean()
    assert steps == pytest.approx(average_precision(targets[:, None], scores[:, None])[0], abs=0.01)


def test_a_precision_on_the_grid_is_that_of_the_strictest_threshold_that_reaches_the_recall() -> None:
    found = precision_recall_curve([1, 0, 1], [0.9, 0.8, 0.7])
    assert found is not None
    precisions = precisions_on_grid(found)
    assert precisions[[0, 50]].tolist() == [1.0, 1.0]
    assert precisions[[51, 100]] == pytest.approx([2 / 3, 2 / 3])
