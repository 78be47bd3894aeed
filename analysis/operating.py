"""Operating points: a threshold chosen where it is not judged, and what a test finds with it.

The threshold for a specificity is the smallest one with which at least that share of the negatives of the validation
split is told as negative; an image is told as positive where its score is above the threshold. The threshold for a
sensitivity is the mirror image: the largest one with which at least that share of the positives is told as positive,
where the score is not below the threshold. So both are one rule, with the classes and the signs of scores exchanged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

STATED = 0.9
"""The specificity or the sensitivity that validation images have at their threshold, or more, where nobody says other.
"""


def thresholds_at_specificity(targets: ArrayLike, scores: ArrayLike, specificity: float) -> Array:
    """The smallest threshold of each class that at least a given share of its negatives does not exceed.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), any monotone score of the positive class.
        specificity: the share of the negatives that must not exceed the threshold, in (0, 1].

    Returns:
        (K,), each the score of one of the negatives; NaN where a class has none.

    Raises:
        ValueError: if the share is not in (0, 1], or a score is NaN.
    """
    truth, told = np.asarray(targets, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if not 0 < specificity <= 1 or np.isnan(told).any():
        raise ValueError(f"expected a share in (0, 1] and scores that are numbers, found {specificity} and {told}")
    found = np.full(truth.shape[1], np.nan)
    for column in range(truth.shape[1]):
        negatives = np.sort(told[truth[:, column] == 0, column])
        if len(negatives):
            reached = np.arange(1, len(negatives) + 1) / len(negatives)  # exact where the share is such a fraction
            found[column] = negatives[np.argmax(reached >= specificity)]
    return found


def thresholds_of_youden(targets: ArrayLike, scores: ArrayLike) -> Array:
    """The threshold of each class with the largest sum of sensitivity and specificity (Youden 1950).

    An image is told as positive where its score is above the threshold. Of several thresholds with the same sum, the
    one in the middle of the widest gap between scores is taken, so that scores near to those seen stay on their side.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), any monotone score of the positive class.

    Returns:
        (K,), each halfway between two neighbouring scores; NaN where a class has no positives or no negatives.

    Raises:
        ValueError: if a score is NaN.
    """
    truth, told = np.asarray(targets, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if np.isnan(told).any():
        raise ValueError(f"expected scores that are numbers, found {told}")
    found = np.full(truth.shape[1], np.nan)
    for column in range(truth.shape[1]):
        labelled = ~np.isnan(truth[:, column])
        positive, score = truth[labelled, column] == 1, told[labelled, column]
        values, places = np.unique(score, return_inverse=True)
        positives = np.bincount(places, positive, len(values))
        negatives = np.bincount(places, ~positive, len(values))
        if not positives.sum() or not negatives.sum() or len(values) < 2:
            continue
        # Between the values number i and i + 1 lies a threshold with all values up to i told as negative.
        gain = np.cumsum(negatives)[:-1] / negatives.sum() - np.cumsum(positives)[:-1] / positives.sum()
        best = np.flatnonzero(np.isclose(gain, gain.max(), rtol=0, atol=1e-12))
        widest = best[np.argmax(values[best + 1] - values[best])]
        found[column] = (values[widest] + values[widest + 1]) / 2
    return found


def sensitivities(targets: ArrayLike, scores: ArrayLike, thresholds: Array, counts: NDArray[np.uint8]) -> Array:
    """The share of the positives of each class above its threshold in each resample of the images.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), the scores that the thresholds are for.
        thresholds: (K,) from ``thresholds_at_specificity`` on other images; NaN: there is none.
        counts: how often each resample draws each image, (B, N); ones for the images themselves.

    Returns:
        (B, K) in [0, 1], NaN where a resample has no positives of a class, or the class no threshold.
    """
    return _shares(np.asarray(targets) == 1, np.asarray(scores) > thresholds, thresholds, counts)


def specificities(targets: ArrayLike, scores: ArrayLike, thresholds: Array, counts: NDArray[np.uint8]) -> Array:
    """The share of the negatives of each class that do not exceed its threshold in each resample of the images.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), the scores that the thresholds are for.
        thresholds: (K,) from ``thresholds_at_specificity`` on other images; NaN: there is none.
        counts: how often each resample draws each image, (B, N); ones for the images themselves.

    Returns:
        (B, K) in [0, 1], NaN where a resample has no negatives of a class, or the class no threshold.
    """
    return _shares(np.asarray(targets) == 0, np.asarray(scores) <= thresholds, thresholds, counts)


def _shares(of: NDArray[np.bool_], hit: NDArray[np.bool_], thresholds: Array, counts: NDArray[np.uint8]) -> Array:
    """The share of the images ``of`` a kind (N, K) that are a ``hit`` (N, K), in each resample, (B, K)."""
    drawn = counts.astype(np.float64)
    total, hits = drawn @ of.astype(np.float64), drawn @ (of & hit).astype(np.float64)
    return np.where((total > 0) & ~np.isnan(thresholds), hits / np.maximum(total, 1), np.nan)
