"""Equivalence: whether a difference is shown to be small, which a test that finds none does not show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests (Schuirmann 1987, https://doi.org/10.1007/BF01068419).

    Attributes:
        difference: of the means, first minus second.
        margin: beyond which a difference would matter.
        p_value: the larger of the two; None where there is no spread or a single run.
        equivalent: whether the difference is shown to lie within the margin.
    """

    difference: float
    margin: float
    p_value: float | None
    equivalent: bool


def equivalence(a: Sequence[float], b: Sequence[float], margin: float, alpha: float = 0.05) -> Equivalence:
    """Whether two samples' means differ by less than a margin, with pooled variance.

    Args:
        a: a score per run.
        b: likewise.
        margin: positive, in the scores' unit.
        alpha: level.

    Raises:
        ValueError: if the margin is not positive or a sample is empty.
    """
    if not len(a) or not len(b):
        raise ValueError("no scores to compare")
    moments = [(float(np.mean(one)), float(np.std(one, ddof=1)) if len(one) > 1 else 0.0, len(one)) for one in (a, b)]
    return equivalence_from_summary(*moments[0], *moments[1], margin=margin, alpha=alpha)


def equivalence_from_summary(
    mean_a: float,
    std_a: float,
    n_a: int,
    mean_b: float,
    std_b: float,
    n_b: int,
    margin: float,
    ddof: int = 1,
    alpha: float = 0.05,
) -> Equivalence:
    """The same from published means and standard deviations.

    Args:
        mean_a: of the first sample.
        std_a: of the first sample.
        n_a: its size.
        mean_b: of the second sample.
        std_b: of the second sample.
        n_b: its size.
        margin: positive, in the scores' unit.
        ddof: that the standard deviations were computed with.
        alpha: level.

    Raises:
        ValueError: if the margin is not positive.
    """
    from scipy import stats

    if margin <= 0:
        raise ValueError(f"expected a positive margin, found {margin}")
    difference = mean_a - mean_b
    if n_a < 2 or n_b < 2:
        return Equivalence(difference, margin, None, False)
    variances = [std**2 * (n - ddof) for std, n in ((std_a, n_a), (std_b, n_b))]  # sums of squares
    freedom = n_a + n_b - 2
    error = math.sqrt(sum(variances) / freedom * (1 / n_a + 1 / n_b))
    if error == 0:
        return Equivalence(difference, margin, None, False)
    above = stats.t.sf((difference + margin) / error, freedom)  # against a difference of -margin or less
    below = stats.t.sf((margin - difference) / error, freedom)
    p_value = float(max(above, below))
    return Equivalence(difference, margin, p_value, p_value < alpha)
