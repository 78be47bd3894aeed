"""DeLong's test: a comparison of two areas under the receiver operating characteristic on one test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DeLong:
    """The areas under two ROC curves, and the test of their difference.

    Attributes:
        auroc: the areas under the two ROC curves, each in [0, 1].
        covariance: the covariance matrix of the two areas, (2, 2).
        z: the difference of the areas over its standard error; None where the error is 0.
        p_value: the two-sided p-value; None where ``z`` is.
    """

    auroc: tuple[float, float]
    covariance: Array
    z: float | None
    p_value: float | None


def delong_test(targets: ArrayLike, first: ArrayLike, second: ArrayLike) -> DeLong:
    """Compare the ROC areas of two scores on the same cases (DeLong et al. 1988, https://doi.org/10.2307/2531595).

    Cases must be independent. Several images of one patient are not: use a bootstrap over patients then.

    Args:
        targets: the true classes (N,), each 0 or 1.
        first: the first scores of the cases, (N,).
        second: the second scores of the same cases, (N,).

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
    first_area, second_area = (float(value) for value in above.mean(axis=1))
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 1e-18:
        return DeLong((first_area, second_area), covariance, None, None)
    z = (first_area - second_area) / variance**0.5
    return DeLong((first_area, second_area), covariance, z, float(2 * stats.norm.sf(abs(z))))


def placements(positives: Array, negatives: Array) -> tuple[Array, Array]:
    """The placement of each case among those of the other class; ties count half.

    The mean of either class's placements is the area under the ROC curve. Sorting the scores makes it take a time in
    proportion to N log N (after Sun and Xu 2014, https://doi.org/10.1109/LSP.2014.2337313).

    Args:
        positives: the scores of the m positive cases, (rows, m), with a row for each network.
        negatives: the scores of the n negative cases, (rows, n), with the rows in the same order.

    Returns:
        The shares of the negatives below each positive, (rows, m), and of the positives above each negative, (rows, n).
    """
    m, n = positives.shape[1], negatives.shape[1]
    above, below = np.empty((len(positives), m)), np.empty((len(negatives), n))
    for row, (ups, downs) in enumerate(zip(positives, negatives, strict=True)):
        rising = np.argsort(downs)
        less, no_more = (np.searchsorted(downs[rising], ups, side) for side in ("left", "right"))
        above[row] = (less + no_more) / (2 * n)
        # In rising order, the negatives from position k on are above a positive that is above k negatives.
        passed = np.bincount(less, minlength=n + 1) + np.bincount(no_more, minlength=n + 1)
        below[row, rising] = 1 - passed[:n].cumsum() / (2 * m)
    return above, below


def covariance_of_areas(above: Array, below: Array) -> Array:
    """The covariance (rows, rows) of ROC areas over new cases (DeLong et al. 1988, equation 6).

    Placements are linear: those of a mean of areas are the mean of the placements. Where each patient has the same
    number of images, all of one class, the mean of the images' placements is the patient's placement (after Obuchowski
    1997, https://doi.org/10.2307/2533958).

    Args:
        above: (rows, m), the placements of the positives, from ``placements``.
        below: (rows, n), the placements of the negatives, from ``placements``.
    """
    covariance: Array = np.atleast_2d(np.cov(above)) / above.shape[1] + np.atleast_2d(np.cov(below)) / below.shape[1]
    return covariance
