"""Bootstrap confidence intervals over test patients: AUROC and Dice of thousands of resamples in one pass.

Patients are drawn with replacement, and all images of a patient count as often as the patient was drawn (Efron and
Tibshirani 1993, chapter 8.3: resample the units that are independent). A resample is stored as counts of draws, so that
its score costs a sum and no sorting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.metrics import dice_from_counts


@dataclass(frozen=True)
class Interval:
    """A percentile interval (Efron and Tibshirani 1993, chapter 13).

    Attributes:
        estimate: the score on the test set itself.
        low: the lower end of the interval.
        high: the upper end of the interval.
        level: the share of the resamples inside the interval, in (0, 1).
        resamples: the number of resamples with a defined value; one that holds no positive image, for instance, has
            none.
    """

    estimate: float
    low: float
    high: float
    level: float
    resamples: int


def draw_counts(patients: Sequence[object], resamples: int, seed: int) -> NDArray[np.uint8]:
    """How often each resample of the patients draws each image.

    Args:
        patients: the patient of each image; equal values are one patient.
        resamples: the number of resamples to draw.
        seed: the seed of the random draws.

    Returns:
        (resamples, images).
    """
    _, numbers = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    count = int(numbers.max()) + 1
    generator = np.random.default_rng(seed)
    of_patients = np.empty((resamples, count), np.uint8)  # a count above 255 has a probability below 1e-500
    for resample in of_patients:
        resample[:] = np.bincount(generator.integers(count, size=count), minlength=count)
    return of_patients.take(numbers, axis=1)  # row by row in memory, which indexing would not be


def auroc_of_resamples(targets: ArrayLike, scores: ArrayLike, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The exact area under the receiver operating characteristic of each class in each resample; ties count half.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), any monotone score of the positive class.
        counts: how often each resample draws each image, (B, N), from ``draw_counts``.

    Returns:
        (B, K) in [0, 1], NaN where a resample has no positives or no negatives of a class.

    Raises:
        ValueError: if a score is NaN, or the sizes differ.
    """
    truth, values = np.asarray(targets, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if truth.shape != values.shape or counts.shape[1:] != truth.shape[:1]:
        raise ValueError(
            f"targets {truth.shape}, scores {values.shape} and counts {counts.shape} do not fit each other"
        )
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} of {values.size} scores are NaN; expected numbers")
    rankings = [_Ranking(truth[:, column], values[:, column]) for column in range(truth.shape[1])]
    areas = np.empty((len(counts), len(rankings)))
    for resample, drawn in enumerate(counts):
        for column, ranking in enumerate(rankings):
            areas[resample, column] = ranking.auroc(drawn)
    return areas


class _Ranking:
    """The images of one class sorted by score once, so that each resample's area is a sum of counts."""

    def __init__(self, truth: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        labelled = np.flatnonzero(~np.isnan(truth))
        positive = truth[labelled] == 1
        self._positives, self._negatives = labelled[positive], labelled[~positive]
        below = np.sort(scores[self._negatives])
        self._negatives = self._negatives[np.argsort(scores[self._negatives], kind="stable")]
        # For each positive, the numbers of negatives with a lower score and with a score that is no higher. They differ
        # by the ties, and a tie counts half: the area takes their mean.
        own = scores[self._positives]
        self._first = np.searchsorted(below, own, side="left")
        self._last = np.searchsorted(below, own, side="right")

    def auroc(self, counts: NDArray[np.uint8]) -> float:
        """The area under the ROC curve of one resample, from how often it draws each image, (N,)."""
        positives, negatives = counts.take(self._positives), counts.take(self._negatives)
        below = np.zeros(len(negatives) + 1, np.int64)  # how many draws the negatives before each position have
        np.cumsum(negatives, out=below[1:])
        pairs = int(positives.sum(dtype=np.int64)) * int(below[-1])
        if pairs == 0:
            return math.nan
        reached = below[self._first] + below[self._last]
        return int(np.dot(positives.astype(np.int64), reached)) / (2 * pairs)


def dice_of_resamples(
    tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, counts: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two Dice coefficients of each resample: the mean over its images, and that of all its pixels pooled.

    Args:
        tp: (N,) true positive pixels of each image.
        fp: (N,) false positive pixels of each image.
        fn: (N,) false negative pixels of each image.
        counts: how often each resample draws each image, (B, N), from ``draw_counts``.

    Returns:
        Two arrays (B,) in [0, 1]. An image without foreground in which none is predicted counts 1. The mean is NaN
        where a resample draws no image.
    """
    drawn = counts.astype(np.float64)
    images = drawn.sum(axis=1)
    mean = np.where(images > 0, drawn @ dice_from_counts(tp, fp, fn) / np.maximum(images, 1), np.nan)
    sums = (drawn @ np.asarray(pixels, dtype=np.float64) for pixels in (tp, fp, fn))
    return mean, dice_from_counts(*sums)


def interval(estimate: float, values: ArrayLike, level: float = 0.95) -> Interval:
    """The percentile interval of resampled scores; resamples without a score are left out and not counted.

    Args:
        estimate: the score on the test set itself.
        values: the score of each resample, (B,); NaN where it is undefined.
        level: the share of the resamples inside the interval, in (0, 1).

    Raises:
        ValueError: if no resample has a value, or the level is not in (0, 1).
    """
    drawn = np.asarray(values, dtype=np.float64)
    defined = drawn[~np.isnan(drawn)]
    if not len(defined) or not 0 < level < 1:
        raise ValueError(f"no interval of level {level} from {len(defined)} defined values of {len(drawn)}")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high), level, len(defined))


def interval_of_mean(runs: Iterable[list[float | None]]) -> tuple[float, float] | None:
    """The 95 % interval of the mean score over runs, all on the same resamples; None if no resample has a score.

    Args:
        runs: each run's score on each resample, None where it is undefined.
    """
    values = np.array([[np.nan if score is None else score for score in run] for run in runs])
    means = values.mean(axis=0) if len(values) else np.array([np.nan])
    if np.isnan(means).all():
        return None
    of_means = interval(float(np.nanmean(means)), means)
    return of_means.low, of_means.high
