"""A control: two rows that are one and the same thing but for their seeds, so that no difference may be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.differences import Moments, contrasts, moments
from analysis.statistics import ROUNDING


class Difference(NamedTuple):
    """Of two rows.

    Attributes:
        value: the second one's mean less the first one's.
        p: of the two-sided test that they differ.
        found: whether p is at most the level.
    """

    value: float
    p: float
    found: bool


def differ(scores: Sequence[float], other: Sequence[float], level: float, step: float = 0.0) -> Difference:
    """Whether two rows differ, by Welch's two-sided test with the variances of ``decision.moments``.

    Degrees of freedom are those of a row's own runs, fewer than in a decision: two rows alone tell of each other's
    spread no more than their own runs do.

    Args:
        scores: of the first row, in the order of its runs, in [0, 1].
        other: of the second one. Of both, only as many of the first runs count as the shorter one has.
        level: share of false alarms where they do not differ, in (0, 1).
        step: between two neighbouring scores, as in ``differences.shrunk``.

    Raises:
        ValueError: if there are fewer than two runs of one, or the level is none.
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
