"""ROC and precision-recall curves: exact ones of one set of predictions, and on a grid, where runs can be averaged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

GRID: Array = np.arange(101) / 100
"""The false-positive rates of ROC curves, and the recalls of precision-recall curves, at which runs are averaged."""


class Roc(NamedTuple):
    """A receiver operating characteristic: a point for each threshold, from the strictest one to the mildest.

    Attributes:
        false_positive_rates: (M,) in [0, 1], the share of negatives that are told as positive, from 0 to 1.
        sensitivities: (M,) in [0, 1], the share of positives that are told as positive, from 0 to 1.
    """

    false_positive_rates: Array
    sensitivities: Array


class PrecisionRecall(NamedTuple):
    """A precision-recall curve: a point for each threshold, from the strictest one to the mildest.

    Attributes:
        recalls: (M,) in (0, 1], the share of positives that are told as positive, up to 1.
        precisions: (M,) in [0, 1], the share of positives among what is told as positive.
    """

    recalls: Array
    precisions: Array


def roc_curve(targets: ArrayLike, scores: ArrayLike) -> Roc | None:
    """The receiver operating characteristic of one class, with a point for each score that occurs, and one before them.

    Args:
        targets: (N,) of 0 and 1, NaN where a label is missing.
        scores: (N,), any monotone score of the positive class.

    Returns:
        The curve from (0, 0) to (1, 1); None where there are no positives or no negatives.

    Raises:
        ValueError: if a score is NaN.
    """
    hits, told = cumulated(targets, scores)
    if not len(hits) or hits[-1] in (0, told[-1]):
        return None
    misses = told - hits
    return Roc(np.append(0.0, misses / misses[-1]), np.append(0.0, hits / hits[-1]))


def precision_recall_curve(targets: ArrayLike, scores: ArrayLike) -> PrecisionRecall | None:
    """The precision-recall curve of one class, with a point for each score that occurs.

    Args:
        targets: (N,) of 0 and 1, NaN where a label is missing.
        scores: (N,), any monotone score of the positive class.

    Returns:
        The curve; None where there are no positives.

    Raises:
        ValueError: if a score is NaN.
    """
    hits, told = cumulated(targets, scores)
    if not len(hits) or hits[-1] == 0:
        return None
    return PrecisionRecall(hits / hits[-1], hits / told)


def sensitivities_on_grid(curve: Roc) -> Array:
    """The sensitivities (101,) of an ROC curve at the false-positive rates of ``GRID``.

    Between two thresholds the curve is a straight line, and where it rises without a new false positive its upper end
    is taken (Fawcett 2006, algorithm 3, https://doi.org/10.1016/j.patrec.2005.10.010).
    """
    rates, heights = curve
    last = np.searchsorted(rates, GRID, side="right") - 1  # the upper end of each vertical rise
    after = np.minimum(last + 1, len(rates) - 1)
    width = rates[after] - rates[last]
    share = np.where(width > 0, (GRID - rates[last]) / np.where(width > 0, width, 1), 0)
    return np.asarray(heights[last] + share * (heights[after] - heights[last]))


def precisions_on_grid(curve: PrecisionRecall) -> Array:
    """The precisions (101,) of a precision-recall curve at the recalls of ``GRID``.

    Each is that of the strictest threshold which reaches the recall, as in average precision. Straight lines between
    points would promise more than can be reached (Davis and Goadrich 2006, https://doi.org/10.1145/1143844.1143874).
    """
    first = np.searchsorted(curve.recalls, GRID, side="left")
    return np.asarray(curve.precisions[np.minimum(first, len(curve.recalls) - 1)])


def cumulated(targets: ArrayLike, scores: ArrayLike) -> tuple[Array, Array]:
    """Count the positives and the images at or above each score that occurs, from the highest score to the lowest.

    Args:
        targets: (N,) of 0 and 1, NaN where a label is missing.
        scores: (N,), any monotone score of the positive class.

    Returns:
        The positives and all labelled images at or above each of M different scores, (M,) each; empty without labels.

    Raises:
        ValueError: if a score is NaN.
    """
    truth, told = np.asarray(targets, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if np.isnan(told).any():
        raise ValueError(f"{int(np.isnan(told).sum())} of {told.size} scores are NaN; expected numbers")
    labelled = ~np.isnan(truth)
    order = np.argsort(-told[labelled], kind="stable")
    positive, ranked = truth[labelled][order] == 1, told[labelled][order]
    if not len(ranked):
        return np.zeros(0), np.zeros(0)
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each group of equal scores
    return np.cumsum(positive)[last].astype(np.float64), last + 1.0
