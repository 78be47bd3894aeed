"""The probability that a lead is none on new patients: closed forms, and a simulation of the posterior."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.outperformance import CORRELATIONS, chance_of_no_lead, difference_variance


def test_no_lead_is_a_coin_toss_whatever_the_correlation() -> None:
    assert chance_of_no_lead(0.0, (1.7, 1.2)) == (0.5, 0.5)


def test_a_lead_of_the_one_is_the_lag_of_the_other() -> None:
    low, high = chance_of_no_lead(1.3, (1.7, 1.2))
    assert chance_of_no_lead(-1.3, (1.2, 1.7)) == pytest.approx((1 - high, 1 - low))
    assert low < high < 0.5


def test_it_is_the_tail_of_the_normal_distribution_at_both_ends_of_the_span() -> None:
    errors, lead = (1.7, 1.2), 2.0
    sds = [(1.7**2 + 1.2**2 - 2 * r * 1.7 * 1.2) ** 0.5 for r in (0.9, 0.3)]
    assert CORRELATIONS == (0.3, 0.9)
    assert chance_of_no_lead(lead, errors) == pytest.approx([stats.norm.cdf(-lead / sd) for sd in sds])


def test_it_is_the_share_of_true_differences_below_zero_among_those_that_look_so() -> None:
    """Drawn with a flat prior over true differences; those whose found difference is near the lead are counted."""
    rng, draws, (first, second), r, lead = np.random.default_rng(0), 1_000_000, (1.6, 1.1), 0.5, 1.2
    true = rng.uniform(-9, 9, draws)
    covariance = [[first**2, r * first * second], [r * first * second, second**2]]
    noise = rng.multivariate_normal((0, 0), covariance, draws)
    alike = np.abs(true + noise[:, 0] - noise[:, 1] - lead) < 0.05
    share = float((true[alike] <= 0).mean())
    (low, high) = chance_of_no_lead(lead, (first, second), (r, r))
    assert low == high
    assert share == pytest.approx(low, abs=4 * (low * (1 - low) / alike.sum()) ** 0.5)


def test_the_variance_of_a_sum_is_that_of_the_most_cautious_correlation() -> None:
    errors, weights = np.array([1.5, 1.0, 2.0]), np.array([1.0, -0.5, -0.5])
    by_hand = []
    for r in (0.3, 0.6, 0.9):
        correlations = np.full((3, 3), r) + (1 - r) * np.eye(3)
        by_hand.append(float((weights * errors) @ correlations @ (weights * errors)))
    assert difference_variance(errors, weights) == pytest.approx(max(by_hand))
    assert by_hand.index(max(by_hand)) == 0  # for a difference, the smallest correlation
    assert difference_variance([1.0, 1.0], [0.5, 0.5], (0.3, 0.9)) == pytest.approx(0.5 * (1 + 0.9))  # for a mean not


@pytest.mark.parametrize("span", [(0.9, 0.3), (-0.1, 0.5), (0.5, 1.1)])
def test_a_span_that_is_none_is_refused(span: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"expected a span of correlations within \[0, 1\]"):
        chance_of_no_lead(1.0, (1.0, 1.0), span)
    with pytest.raises(ValueError, match="expected a span"):
        difference_variance([1.0], [1.0], span)


def test_scores_whose_difference_cannot_vary_are_refused() -> None:
    with pytest.raises(ValueError, match="expected scores whose difference varies"):
        chance_of_no_lead(1.0, (1.0, 1.0), (0.5, 1.0))
