"""What a t-test can find: the difference at which it has a given power, in standard errors of the difference."""

from __future__ import annotations

from functools import cache

import numpy as np

PARTS = 4000
"""Of the distribution of the standard error, equally likely: so many make a power right to 1e-5."""


@cache
def detectable_shift(freedom: float, level: float, power: float, sides: int) -> float:
    """The true difference, in standard errors, that a t-test finds with a given power, and in the right direction.

    Under it the statistic is (z + difference) / s, z standard normal and s^2 of a chi-square distribution over its
    degrees of freedom: a noncentral t-distribution (Cohen 1988, Statistical Power Analysis, chapter 2). Its tail is
    taken as a mean over s of normal ones, since libraries give no number far out. Found once: a whole table shares a
    few sizes, and solving is slow.

    Args:
        freedom: degrees of freedom.
        level: of the test, in (0, 1).
        power: in (level, 1).
        sides: 1 or 2, of the test.
    """
    from scipy import optimize, special, stats

    limit = float(stats.t.isf(level / sides, freedom))
    limits = limit * np.sqrt(stats.chi2.ppf((np.arange(PARTS) + 0.5) / PARTS, freedom) / freedom)

    def lacking(shift: float) -> float:
        return float(special.ndtr(shift - limits).mean()) - power

    return float(optimize.brentq(lacking, 0, 2 * limit + 10))
