"""The power of t-tests: the difference that a test detects with a given power, in standard errors of the difference."""

from __future__ import annotations

from functools import cache

import numpy as np

PARTS = 4000
"""The number of equally likely parts of the standard error's distribution; a power is then right to 1e-5."""


HALVINGS = 50
"""The number of halvings by which the difference is solved for; what is left of the range is rounding."""


@cache
def detectable_shift(freedom: float, level: float, power: float, sides: int) -> float:
    """The true difference, in standard errors, that a t-test detects with a given power and in the right direction.

    Under it the statistic is (z + difference) / s, where z is standard normal and s^2 is chi-square distributed over
    its degrees of freedom: a noncentral t-distribution (Cohen 1988, Statistical Power Analysis, chapter 2). Its tail is
    computed as a mean of normal tails over s, since libraries give no number far out. Results are cached, since solving
    is slow and the cells of a table share a few sizes.

    Args:
        freedom: the degrees of freedom of the test.
        level: the significance level of the test, in (0, 1).
        power: the probability with which the difference is to be found, in (level, 1).
        sides: the number of sides of the test, 1 or 2.
    """
    from scipy import special

    limit = -float(special.stdtrit(freedom, level / sides))
    limits = limit * np.sqrt(2 * special.gammaincinv(freedom / 2, (np.arange(PARTS) + 0.5) / PARTS) / freedom)

    low, high = 0.0, 2 * limit + 10
    for _ in range(HALVINGS):  # the power grows with the shift; to import scipy.optimize would take longer
        middle = (low + high) / 2
        found = float(special.ndtr(middle - limits).mean())
        low, high = (middle, high) if found < power else (low, middle)
    return (low + high) / 2
