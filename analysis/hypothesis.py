"""Verdicts on hypotheses about weighted sums of means: supported, contradicted, shown negligible, or undecided.

A mean may be one's own or one that somebody printed: it has a standard deviation of single runs, a number of runs, and
the error with which it was read off a figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from analysis.power import detectable_shift
from analysis.statistics import POWER, holm

Verdict = Literal["supported", "contradicted", "negligible", "undecided", "untested"]
Kind = Literal["more", "equal"]

LEVEL = 0.05
"""The significance level of each one-sided test, after correction over the hypotheses that are judged together."""


SURELY = 0.001
"""The p-value below which nobody asks what would have been found: solving for it takes longer than all else."""


@dataclass(frozen=True)
class Mean:
    """A mean of runs.

    Attributes:
        mean: the mean over the runs.
        std: the standard deviation of single runs (ddof 1), in the same unit; None: it is not known.
        runs: the number of runs; None: it is not known.
        reading: the standard error with which the mean was read off a figure; 0 where it was printed.
    """

    mean: float
    std: float | None
    runs: int | None
    reading: float = 0.0


class Variance(NamedTuple):
    """A variance of a sum beside that of its runs.

    Attributes:
        value: the variance, in the squared unit of the means, 0 or more.
        freedom: how many degrees of freedom it has; infinite where it is taken as known.
    """

    value: float
    freedom: float


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis about a weighted sum of means.

    Attributes:
        kind: ``more``: the sum is above 0. ``equal``: it lies within the margin of 0.
        margin: the smallest sum that would matter, above 0. A sum of the kind ``more`` that is shown to lie within it
            is negligible.
    """

    kind: Kind
    margin: float

    def __post_init__(self) -> None:
        if not self.margin > 0:
            raise ValueError(f"expected a margin above 0, found {self.margin}")


@dataclass(frozen=True)
class Evidence:
    """What a weighted sum of means says of a hypothesis, before any correction.

    Attributes:
        estimate: the weighted sum.
        interval: the 95 % confidence interval of the sum; None where the spread of a mean is not known.
        p_for: the p-value of the one-sided test that would support the hypothesis; None where nothing can be tested.
        p_against: the p-value of the one-sided test that would contradict it.
        p_negligible: the p-value of the two one-sided tests that would show the sum to lie within the margin.
        detectable: the smallest sum that this test would have found with a power of 80 %; None where it is not known,
            or the test has found one beyond doubt (``SURELY``).
        lacking: why nothing is tested; empty where something is.
    """

    estimate: float
    interval: tuple[float, float] | None = None
    p_for: float | None = None
    p_against: float | None = None
    p_negligible: float | None = None
    detectable: float | None = None
    lacking: str = ""


def evidence(
    means: Sequence[Mean], weights: Sequence[float], hypothesis: Hypothesis, of_patients: Sequence[Variance] = ()
) -> Evidence:
    """Test a hypothesis about the weighted sum of independent means, each with its own variance.

    Degrees of freedom are those of Satterthwaite 1946, https://doi.org/10.2307/3002019; an error of reading is taken as
    known exactly, with infinitely many. A sum is shown to lie within the margin by two one-sided tests
    (Schuirmann 1987, https://doi.org/10.1007/BF01068419).

    Of new patients nothing is said more surely than of these. A variance that is known well, beside that of few runs,
    adds degrees of freedom, which may narrow an interval more than the variance widens it. So the interval holds that
    of these patients, and p-values are no smaller.

    Args:
        means: the means that are summed.
        weights: the weight of each mean.
        hypothesis: what is asked of the sum.
        of_patients: the variances of the sum by the choice of test patients, one for each set of them, if new patients
            are asked about; none: the question is about these.

    Raises:
        ValueError: if the numbers of means and weights differ.
    """
    estimate = math.fsum(weight * one.mean for one, weight in zip(means, weights, strict=True))
    used = [(one, weight) for one, weight in zip(means, weights, strict=True) if weight]
    if not used:
        return Evidence(estimate, lacking="no mean has a weight")
    parts: list[tuple[float, float]] = []
    for one, weight in used:
        if one.std is None or one.runs is None:
            return Evidence(estimate, lacking="the spread or the number of runs of a mean is not known")
        if one.runs < 2:
            return Evidence(estimate, lacking="a mean is of a single run, so that its spread is not known")
        parts += [(weight**2 * one.std**2 / one.runs, one.runs - 1), (weight**2 * one.reading**2, math.inf)]
    if math.fsum(part for part, _ in parts) <= (1e-12 * max(abs(one.mean) for one, _ in used)) ** 2:
        return Evidence(estimate, lacking="the runs do not vary, so nothing can be tested")
    alone = _tested(estimate, parts, hypothesis)
    return _no_surer(_tested(estimate, [*parts, *of_patients], hypothesis), alone) if of_patients else alone


def _tested(estimate: float, parts: Sequence[tuple[float, float]], hypothesis: Hypothesis) -> Evidence:
    """The tests of a sum whose variance has these parts, each with its degrees of freedom."""
    from scipy import special

    variance = math.fsum(part for part, _ in parts)
    spread = math.fsum(part**2 / freedom for part, freedom in parts)
    freedom = min(variance**2 / spread, 1e9) if spread else 1e9
    error, margin = math.sqrt(variance), hypothesis.margin

    def above(bound: float) -> float:
        """The p-value of the test that the sum is above a bound."""
        return float(special.stdtr(freedom, (bound - estimate) / error))

    within = max(above(-margin), 1 - above(margin))
    half = float(special.stdtrit(freedom, 0.975)) * error
    if hypothesis.kind == "more":
        p_for, p_against = above(0.0), 1 - above(0.0)
    else:
        p_for, p_against = within, min(1.0, 2 * min(above(margin), 1 - above(-margin)))
    return Evidence(
        estimate,
        (estimate - half, estimate + half),
        p_for,
        p_against,
        within,
        detectable_shift(freedom, LEVEL, POWER, 1) * error if p_for >= SURELY else None,
    )


def _no_surer(found: Evidence, alone: Evidence) -> Evidence:
    """What is said of new patients, as far as it is not surer than what is said of these alone."""

    def larger(name: str) -> float | None:
        one, other = getattr(found, name), getattr(alone, name)
        return None if one is None or other is None else max(one, other)

    assert found.interval is not None and alone.interval is not None
    (low, high), (lowest, highest) = found.interval, alone.interval
    return Evidence(
        found.estimate,
        (min(low, lowest), max(high, highest)),
        larger("p_for"),
        larger("p_against"),
        larger("p_negligible"),
        larger("detectable"),
    )


def verdicts(found: Sequence[tuple[Hypothesis, Evidence]], level: float = LEVEL) -> list[Verdict]:
    """The verdicts on hypotheses that are judged together, so that the level is that of any false verdict of a kind.

    Holm's correction is over all of them, once for the tests that would support them, once for those that would
    contradict them, and once for those that would show sums of the kind ``more`` to be negligible.

    Args:
        found: the hypotheses with their evidence.
        level: the accepted probability of any false verdict of a kind, in (0, 1).
    """
    supporting = holm([one.p_for for _, one in found])
    contradicting = holm([one.p_against for _, one in found])
    negligible = holm([one.p_negligible if asked.kind == "more" else None for asked, one in found])
    told: list[Verdict] = []
    for p_for, p_against, p_within in zip(supporting, contradicting, negligible, strict=True):
        if p_for is None or p_against is None:
            told.append("untested")
        elif p_within is not None and p_within < level:
            told.append("negligible")  # whichever sign it has
        elif p_against < level:
            told.append("contradicted")
        else:
            told.append("supported" if p_for < level else "undecided")
    return told
