"""Contrasts: a test of a weighted sum of sample means against zero, such as the interaction of two factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of sample means, with its uncertainty.

    Attributes:
        estimate: the weighted sum of the sample means.
        standard_error: the standard error of the estimate; None where nothing varies or a sample has a single value.
        p_value: the two-sided p-value of the hypothesis that the sum is 0; None where there is no standard error.
        interval: the 95 % confidence interval of the sum; None where there is no standard error.
    """

    estimate: float
    standard_error: float | None = None
    p_value: float | None = None
    interval: tuple[float, float] | None = None


CONFIDENCE = 0.95
"""The confidence level of intervals."""


def contrast(samples: Sequence[Sequence[float]], weights: Sequence[float]) -> Contrast:
    """Test whether a weighted sum of sample means is 0, where each sample has its own variance.

    Degrees of freedom are those of Satterthwaite 1946, https://doi.org/10.2307/3002019. With the weights 1 and -1 it is
    Welch's test.

    Args:
        samples: two or more independent samples, each with one value or more.
        weights: one weight per sample; in a contrast they add up to 0.

    Raises:
        ValueError: if a sample is empty, or the numbers of samples and weights differ.
    """
    from scipy import stats

    if len(samples) != len(weights) or not all(len(sample) for sample in samples):
        raise ValueError(f"expected a weight for each of {len(samples)} filled samples, found {len(weights)}")
    estimate = float(sum(weight * np.mean(sample) for sample, weight in zip(samples, weights, strict=True)))
    used = [(np.asarray(sample), weight) for sample, weight in zip(samples, weights, strict=True) if weight]
    if any(len(sample) < 2 for sample, _ in used):
        return Contrast(estimate)
    parts = [(weight**2 * float(np.var(sample, ddof=1)) / len(sample), len(sample) - 1) for sample, weight in used]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return Contrast(estimate)
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    error = math.sqrt(variance)
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(estimate) / error, freedom))
    return Contrast(estimate, error, p_value, (estimate - half, estimate + half))
