"""DeLong's test: two areas under the receiver operating characteristic on one test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


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
    covariance: Array
    z: float | None
    p_value: float | None


def delong_test(targets: ArrayLike, first: ArrayLike, second: ArrayLike) -> DeLong:
    """Compare two scores of the same independent cases (DeLong et al. 1988, https://doi.org/10.2307/2531595).

    Several images of a patient are not independent: bootstrap over patients then.

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
    above, below = placements(scores[:, positive], scores[:, ~positive])
    covariance = covariance_of_areas(above, below)
    one, other = (float(value) for value in above.mean(axis=1))
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 1e-18:
        return DeLong((one, other), covariance, None, None)
    z = (one - other) / variance**0.5
    return DeLong((one, other), covariance, z, float(2 * stats.norm.sf(abs(z))))


def placements(positives: Array, negatives: Array) -> tuple[Array, Array]:
    """Where each case lies among those of the other class, ties counted half: the mean of either is the area.

    From sorted scores, which takes N log N (after Sun and Xu 2014, https://doi.org/10.1109/LSP.2014.2337313).

    Args:
        positives: (rows, m) scores, a row for each network.
        negatives: (rows, n).

    Returns:
        The shares of the negatives below each positive, (rows, m), and of the positives above each negative, (rows, n).
    """
    m, n = positives.shape[1], negatives.shape[1]
    above, below = np.empty((len(positives), m)), np.empty((len(negatives), n))
    for row, (ups, downs) in enumerate(zip(positives, negatives, strict=True)):
        rising = np.argsort(downs)
        less, no_more = (np.searchsorted(downs[rising], ups, side) for side in ("left", "right"))
        above[row] = (less + no_more) / (2 * n)
        # Of the negatives in rising order, those from place k on are above a positive that is above k of them.
        passed = np.bincount(less, minlength=n + 1) + np.bincount(no_more, minlength=n + 1)
        below[row, rising] = 1 - passed[:n].cumsum() / (2 * m)
    return above, below


def covariance_of_areas(above: Array, below: Array) -> Array:
    """The covariance of areas over new cases (DeLong et al. 1988, equation 6), (rows, rows).

    Placements are linear: those of a mean of areas are the mean of the placements. Where a case is several images of a
    patient, all of one class and as many of each patient, their mean is the patient's (after Obuchowski 1997,
    https://doi.org/10.2307/2533958).

    Args:
        above: (rows, m) of the positives, from ``placements``.
        below: (rows, n) of the negatives.
    """
    found: Array = np.atleast_2d(np.cov(above)) / above.shape[1] + np.atleast_2d(np.cov(below)) / below.shape[1]
    return found
