"""Whether a lead on one test set is a lead on new patients too, where only two scores and its size are known.

The idea is that of Christodoulou et al. 2025, https://arxiv.org/abs/2505.04720: with a flat prior, the true difference
of two scores, given the one that was found, is normal around it, and its tail below 0 is the probability that the win
is false. Here the scores are areas under the ROC curve, whose standard errors follow from the numbers of cases
(``analysis.reproduction.auroc_error``). Both areas are of the same cases, so that their errors correlate (Hanley and
McNeil 1983, https://doi.org/10.1148/radiology.148.3.6878708). That correlation r is hardly ever printed; a span of it
is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

CORRELATIONS = (0.3, 0.9)
"""The span of correlations between the areas of two networks on the same images that is assumed. *Ours*: networks that
are trained alike err on much the same images, and no paper here prints how much so."""

Span = tuple[float, float]


def difference_variance(errors: Sequence[float], weights: Sequence[float], span: Span = CORRELATIONS) -> float:
    """The largest variance over a span of correlations of a weighted sum of areas that are of the same cases.

    Each pair of areas has the same correlation r. The variance is 1 - r times the sum of the squared weighted errors,
    plus r times the square of their sum, so that it is largest at an end of the span.

    Args:
        errors: the standard error of each area, 0 or more.
        weights: the weight of each area.
        span: the smallest and the largest correlation, each in [0, 1].

    Raises:
        ValueError: if the span is none, or the numbers of errors and weights differ.
    """
    _check(span)
    weighted = [error * weight for error, weight in zip(errors, weights, strict=True)]
    apart, together = math.fsum(value**2 for value in weighted), math.fsum(weighted) ** 2
    return max((1 - r) * apart + r * together for r in span)


def chance_of_no_lead(lead: float, errors: tuple[float, float], span: Span = CORRELATIONS) -> Span:
    """The probability that the score that is ahead is not ahead on new patients, for a span of correlations.

    It is the standard normal distribution function at -d / s, where d is the lead and s^2 = s1^2 + s2^2 - 2 r s1 s2.

    Args:
        lead: the score that is ahead less the other one; a negative lead gives probabilities above one half.
        errors: the standard errors of both scores, in the unit of the lead, above 0.
        span: the smallest and the largest correlation, each in [0, 1].

    Returns:
        The smaller and the larger probability.

    Raises:
        ValueError: if the span is none, or the errors leave no variance.
    """
    _check(span)
    first, second = errors
    variances = [first**2 + second**2 - 2 * r * first * second for r in span]
    if min(variances) <= 0:
        raise ValueError(f"expected scores whose difference varies, found the standard errors {first} and {second}")
    chances = [math.erfc(lead / math.sqrt(2 * variance)) / 2 for variance in variances]
    return min(chances), max(chances)


def _check(span: Span) -> None:
    if not 0 <= span[0] <= span[1] <= 1:
        raise ValueError(f"expected a span of correlations within [0, 1], found {span[0]} to {span[1]}")
