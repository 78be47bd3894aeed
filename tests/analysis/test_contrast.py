"""Contrasts of means against Welch's test, a written-out interaction, and what cannot be tested."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.contrast import Contrast, contrast

A, B = [0.71, 0.73, 0.70], [0.75, 0.78, 0.74, 0.79]


def test_a_difference_of_two_means_is_welchs_test() -> None:
    found, welch = contrast([A, B], [1, -1]), stats.ttest_ind(A, B, equal_var=False)
    assert found.estimate == pytest.approx(np.mean(A) - np.mean(B))
    assert found.p_value == pytest.approx(welch.pvalue)
    assert found.standard_error == pytest.approx(found.estimate / welch.statistic)
    assert found.interval == pytest.approx(tuple(welch.confidence_interval(0.95)))


def test_an_interaction_has_satterthwaites_degrees_of_freedom() -> None:
    """Of four samples, weighed one half and against each other, the sums written out."""
    c, d = [0.60, 0.66], [0.80, 0.81, 0.85, 0.82, 0.79]
    found = contrast([A, B, c, d], [0.5, -0.5, -1, 1])
    parts = [w**2 * np.var(x, ddof=1) / len(x) for x, w in ((A, 0.5), (B, 0.5), (c, 1), (d, 1))]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2 / 3 + parts[2] ** 2 / 1 + parts[3] ** 2 / 4)
    estimate = (np.mean(A) - np.mean(B)) / 2 - np.mean(c) + np.mean(d)
    assert found.estimate == pytest.approx(estimate)
    assert found.standard_error == pytest.approx(math.sqrt(sum(parts)))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(estimate) / math.sqrt(sum(parts)), freedom))


def test_a_sample_without_weight_changes_nothing() -> None:
    assert contrast([A, [0.5], B], [1, 0, -1]) == contrast([A, B], [1, -1])


def test_without_spread_or_with_one_value_nothing_is_tested() -> None:
    assert contrast([A, [0.5]], [1, -1]) == Contrast(np.mean(A) - 0.5, None, None)
    assert contrast([[0.7, 0.7], [0.5, 0.5]], [1, -1]) == Contrast(pytest.approx(0.2), None, None)
    for samples, weights in (([A, []], [1, -1]), ([A, B], [1])):
        with pytest.raises(ValueError, match="expected a weight for each"):
            contrast(samples, weights)  # type: ignore[arg-type]
