"""DeLong's test: two areas under the receiver operating characteristic on one test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class DeLong:
    """Two areas and their difference.

    Attributes:
        auroc: of both scores.
        covariance: (2, 2) of the two areas.
        z: their difference over its standard error; None where that is 0.
        p_value: two-sided, None where z is.
    """

    auroc: tuple[float, float]
    covariance: NDArray[np.float64]
    z: float | None
    p_value: float | None


def delong_test(targets: ArrayLike, first: ArrayLike, second: ArrayLike) -> DeLong:
    """Compare two scores of the same independent cases (DeLong et al. 1988, https://doi.org/10.2307/2531595).

    Placement values come from mid-ranks (Sun and Xu 2014, https://doi.org/10.1109/LSP.2014.2337313, equations 4 to 6),
    which takes N log N. Several images of a patient are not independent: bootstrap over patients then.

    Args:
        targets: (N,) of 0 and 1.
        first: (N,) scores.
        second: (N,) scores of the same cases.

    Raises:
        ValueError: if sizes differ, a value is NaN, or there are fewer than two positives or negatives.
    """
    from scipy import stats

    truth = np.asarray(targets, dtype=np.float64)
    scores = np.stack([np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)])
    if scores.shape[1:] != truth.shape or np.isnan(scores).any() or not np.isin(truth, (0, 1)).all():
        raise ValueError(f"expected {truth.shape} targets of 0 and 1, and as many numbers in both scores")
    positive = truth == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        raise ValueError(f"expected two positives and two negatives or more, found {m} and {n}")
    everyone = stats.rankdata(scores, axis=1)
    above = (everyone[:, positive] - stats.rankdata(scores[:, positive], axis=1)) / n  # of each positive
    below = 1 - (everyone[:, ~positive] - stats.rankdata(scores[:, ~positive], axis=1)) / m  # of each negative
    covariance = np.cov(above) / m + np.cov(below) / n
    one, other = (float(value) for value in above.mean(axis=1))
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 1e-18:
        return DeLong((one, other), covariance, None, None)
    z = (one - other) / variance**0.5
    return DeLong((one, other), covariance, z, float(2 * stats.norm.sf(abs(z))))
