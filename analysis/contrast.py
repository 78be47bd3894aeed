"""Contrasts: a weighted sum of samples' means against zero, such as the interaction of two factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of means.

    Attributes:
        estimate: of the sum.
        standard_error: of the estimate; None where nothing varies or a sample has one value.
        p_value: two-sided that the sum is 0; None likewise.
        interval: that holds the sum in 95 % of repetitions, by the same distribution; None likewise.
    """

    estimate: float
    standard_error: float | None = None
    p_value: float | None = None
    interval: tuple[float, float] | None = None


CONFIDENCE = 0.95
"""Of intervals."""


def contrast(samples: Sequence[Sequence[float]], weights: Sequence[float]) -> Contrast:
    """Test a weighted sum of means, each sample with a variance of its own.

    Degrees of freedom by Satterthwaite 1946, https://doi.org/10.2307/3002019; with the weights 1 and -1 it is Welch's
    test.

    Args:
        samples: independent ones.
        weights: as many; they add up to 0 in a contrast.

    Raises:
        ValueError: if a sample is empty, or there are not as many weights.
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
