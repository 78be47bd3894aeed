"""Controls: the test of two rows that differ in nothing but their seeds, so that no difference should be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.differences import Moments, contrasts, moments
from analysis.statistics import ROUNDING


class Difference(NamedTuple):
    """The difference of two rows' means, and whether a test finds it.

    Attributes:
        value: the second row's mean minus the first row's.
        p: the p-value of the two-sided test that the rows differ.
        found: whether the p-value is at most the level.
    """

    value: float
    p: float
    found: bool


def differ(scores: Sequence[float], other: Sequence[float], level: float, step: float = 0.0) -> Difference:
    """Whether two rows differ, by Welch's two-sided test with the variances of ``differences.moments``.

    Degrees of freedom are those of a row's own runs. They are fewer than in a decision, since two rows alone tell no
    more about each other's spread than their own runs do.

    Args:
        scores: the scores of the first row, in the order of its runs, in [0, 1].
        other: the scores of the second row. If one row has more runs than the other, its surplus runs are not used.
        level: the share of false alarms where the rows do not differ, in (0, 1).
        step: the distance between two neighbouring scores, as in ``differences.shrunk``.

    Raises:
        ValueError: if a row has fewer than two runs, or the level is not in (0, 1).
    """
    from scipy import special

    runs = min(len(scores), len(other))
    if runs < 2 or not 0 < level < 1:
        raise ValueError(
            f"expected two or more runs of each row and a level in (0, 1), found {len(scores)} and {len(other)} runs "
            f"and {level:g}"
        )
    shrunk = moments(np.array([scores[:runs], other[:runs]], dtype=np.float64), step)
    apart = contrasts(Moments(shrunk.means, shrunk.variances, np.full(2, float(runs - 1))))
    difference, error = float(apart.differences[1, 0]), float(apart.errors[1, 0])
    if abs(difference) <= ROUNDING * np.abs(shrunk.means).max():
        return Difference(difference, 1.0, False)
    p = 2 * float(special.stdtr(apart.freedoms[1, 0], -abs(difference) / error)) if error else 0.0
    return Difference(difference, p, p <= level)
