"""Equivalence: whether a difference is shown to be small, which a test that finds none does not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.statistics import summary, t_test_from_summary


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
    one, other = summary(a), summary(b)
    return equivalence_from_summary(
        one.mean, one.std or 0.0, one.n, other.mean, other.std or 0.0, other.n, margin=margin, alpha=alpha
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
    if margin <= 0:
        raise ValueError(f"expected a positive margin, found {margin}")
    rest = (std_a, n_a, mean_b, std_b, n_b, ddof)
    above = t_test_from_summary(mean_a + margin, *rest, alternative="greater").p_value  # than b less the margin
    below = t_test_from_summary(mean_a - margin, *rest, alternative="less").p_value
    if above is None or below is None:
        return Equivalence(mean_a - mean_b, margin, None, False)
    p_value = max(above, below)
    return Equivalence(mean_a - mean_b, margin, p_value, p_value < alpha)
