"""Equivalence tests: whether a difference is shown to be small. A test that finds no difference does not show that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.statistics import summary, t_test_from_summary


@dataclass(frozen=True)
class Equivalence:
    """The result of two one-sided tests (Schuirmann 1987, https://doi.org/10.1007/BF01068419).

    Attributes:
        difference: the mean of the first sample minus the mean of the second.
        margin: the smallest difference that would matter, in the scores' unit.
        p_value: the larger p-value of the two tests; None where there is no spread or a sample has a single run.
        equivalent: whether the difference is shown to lie within the margin.
    """

    difference: float
    margin: float
    p_value: float | None
    equivalent: bool


def equivalence(a: Sequence[float], b: Sequence[float], margin: float, alpha: float = 0.05) -> Equivalence:
    """Test whether two samples' means differ by less than a margin, with pooled variance.

    Args:
        a: the first sample, one score per run.
        b: the second sample, one score per run.
        margin: the smallest difference that would matter, above 0, in the scores' unit.
        alpha: the significance level of each one-sided test, in (0, 1).

    Raises:
        ValueError: if the margin is not positive or a sample is empty.
    """
    first, second = summary(a), summary(b)
    return equivalence_from_summary(
        first.mean, first.std or 0.0, first.n, second.mean, second.std or 0.0, second.n, margin=margin, alpha=alpha
    )


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
    """Test whether two means differ by less than a margin, from published means and standard deviations.

    Args:
        mean_a: the mean of the first sample.
        std_a: the standard deviation of the first sample.
        n_a: the number of values in the first sample.
        mean_b: the mean of the second sample.
        std_b: the standard deviation of the second sample.
        n_b: the number of values in the second sample.
        margin: the smallest difference that would matter, above 0, in the scores' unit.
        ddof: the delta degrees of freedom of the standard deviations: they were divided by n - ddof.
        alpha: the significance level of each one-sided test, in (0, 1).

    Raises:
        ValueError: if the margin is not positive.
    """
    if margin <= 0:
        raise ValueError(f"expected a positive margin, found {margin}")
    rest = (std_a, n_a, mean_b, std_b, n_b, ddof)
    above = t_test_from_summary(mean_a + margin, *rest, alternative="greater").p_value  # than b less the margin
    below = t_test_from_summary(mean_a - margin, *rest, alternative="less").p_value
    if above is None or below is None:
        return Equivalence(mean_a - mean_b, margin, None, False)
    p_value = max(above, below)
    return Equivalence(mean_a - mean_b, margin, p_value, p_value < alpha)
