"""Differences of arms, with what they are uncertain by: few runs of each, and for new patients few patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Claims = NDArray[np.bool_]

PRIOR_FREEDOM = 4.0
"""Degrees of freedom that the other arms' spread is worth: with more, arms of unequal spread make more false claims."""

TINY = 1e-150
"""Instead of 0 where nothing varies."""

FLAT = 1e-3
"""m (1 - m) is held to be no less: a mean of 1.00 has some spread too."""


@dataclass(frozen=True)
class OverPatients:
    """How much means over runs would vary with other test patients.

    Attributes:
        covariance: (arms, arms) of the means.
        freedom: degrees of freedom of its entries: the patients of the rarer class less one.
    """

    covariance: Array
    freedom: float


@dataclass(frozen=True)
class Moments:
    """Of each arm.

    Attributes:
        means: (..., arms).
        variances: (..., arms) of the means.
        freedoms: (..., arms) degrees of freedom of the variances.
    """

    means: Array
    variances: Array
    freedoms: Array


def moments(scores: Array, step: float = 0.0) -> Moments:
    """Means, their variances and degrees of freedom.

    Args:
        scores: (arms, runs) in [0, 1], two runs or more.
        step: as in ``shrunk``.
    """
    runs = scores.shape[-1]
    means = scores.sum(axis=-1) / runs
    around = scores - means[..., None]
    return shrunk(means, (around * around).sum(axis=-1) / (runs - 1), runs, step)


def shrunk(means: Array, variances: Array, runs: int | NDArray[np.int_], step: float = 0.0) -> Moments:
    """Moments of means and of the runs' own variances, any number of them at once.

    An arm's own variance of so few runs is often far too small by chance. On the logit scale, where spreads of high and
    low scores are comparable, it is drawn towards the arms' median with ``PRIOR_FREEDOM`` (Smyth 2004,
    https://doi.org/10.2202/1544-6115.1027), and taken as it is where that would make it smaller. Where the other arms'
    runs have fewer degrees of freedom, it is with theirs: with 4, two arms at their first look would be too sure.

    Args:
        means: (..., arms).
        variances: (..., arms) of a run, unbiased.
        runs: of every arm, or of each (arms,).
        step: between two neighbouring scores, 0 where they are as good as continuous. Scores that are equal by rounding
            do not say that nothing varies: the variance is no smaller than rounding's own, step squared / 12 (that of a
            uniform distribution).
    """
    scale = np.maximum(means * (1 - means), FLAT) ** 2
    own = np.maximum(variances, step**2 / 12) / scale
    ascending, arms = np.sort(own, axis=-1), own.shape[-1]  # ten times as fast as NumPy's median
    median = (ascending[..., (arms - 1) // 2] + ascending[..., arms // 2])[..., None] / 2
    prior = np.minimum(PRIOR_FREEDOM, (arms - 1) * (runs - 1))
    drawn = (prior * median + (runs - 1) * own) / (prior + runs - 1)
    return Moments(means, np.maximum(own, drawn) * scale / runs, np.full(own.shape, runs - 1 + prior))


@dataclass(frozen=True)
class Contrasts:
    """Differences of arms, with what they are uncertain by.

    Attributes:
        differences: (..., arms, arms); at [b, a] b's mean less a's.
        errors: (..., arms, arms) their standard errors.
        freedoms: (..., arms, arms) degrees of freedom of the errors.
    """

    differences: Array
    errors: Array
    freedoms: Array

    def of(self, arm: int) -> Contrasts:
        """Those to one arm: the differences of the others and itself less it, (..., arms)."""
        return Contrasts(self.differences[..., arm], self.errors[..., arm], self.freedoms[..., arm])

    def bound(self, probability: Array) -> Array:
        """What the true differences are below with a probability, by Student's distribution."""
        from scipy import special

        # SciPy gives plus infinity for the quantile of 0.
        quantiles = np.where(probability > 0, special.stdtrit(self.freedoms, probability), -np.inf)
        found: Array = self.differences + quantiles * np.maximum(self.errors, TINY)
        return found

    def claims(self, limit: float, starting: Array, rejecting: Array) -> tuple[Claims, Claims]:
        """Whether tests say that the true differences are at most a limit, and whether that they are above it.

        Claims agree with bounds: the bound of 1 - starting is at most the limit, that of rejecting is above it. They
        need no quantiles, which take three times as long as p-values.

        Args:
            limit: in the scores' unit.
            starting: levels of the first test.
            rejecting: levels of the second one.
        """
        from scipy import special

        p_values = special.stdtr(self.freedoms, (self.differences - limit) / np.maximum(self.errors, TINY))
        certain = (self.errors == 0) & (self.differences <= limit)
        return certain | (p_values < starting), p_values > 1 - rejecting


def contrasts(found: Moments, over: OverPatients | None = None) -> Contrasts:
    """Every arm beside every other one.

    Over new patients the variance of a difference is the sum of that over runs and that over patients, with
    Satterthwaite's degrees of freedom (1946, https://doi.org/10.2307/3002019).

    Args:
        found: means of the arms, with their variances.
        over: how the means vary with the patients; None: they are the same ones.
    """
    own = found.variances
    each = own**2 / found.freedoms
    total = own[..., :, None] + own[..., None, :]
    parts = each[..., :, None] + each[..., None, :]
    if over is not None:
        alone = np.diag(over.covariance)
        of_patients = np.maximum(alone[:, None] + alone[None, :] - 2 * over.covariance, 0)
        total = total + of_patients
        parts = parts + of_patients**2 / over.freedom
    freedoms = np.maximum(total, TINY) ** 2 / np.maximum(parts, TINY**2)
    return Contrasts(found.means[..., :, None] - found.means[..., None, :], np.sqrt(total), freedoms)
