"""Confidence intervals of shares: how precisely a number of successes among trials tells their probability."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927, https://doi.org/10.2307/2276774); without trials all of [0, 1]."""
    if trials == 0:
        return 0.0, 1.0
    z, share = NormalDist().inv_cdf(0.975), successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(middle - half, 0.0), min(middle + half, 1.0)
