"""Scores of predictions on plain arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def auroc(targets: ArrayLike, probabilities: ArrayLike) -> NDArray[np.float64]:
    """The exact area under the receiver operating characteristic of each class; ties count half.

    It is the Mann-Whitney statistic over the number of pairs (Hanley and McNeil 1982,
    https://doi.org/10.1148/radiology.143.1.7063747).

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        probabilities: (N, K), any monotone score of the positive class.

    Returns:
        (K,) in [0, 1], NaN where a class has no positives or no negatives.

    Raises:
        ValueError: if a score is NaN.
    """
    truth, scores = np.asarray(targets, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} of {scores.size} scores are NaN; expected numbers")
    return np.array([_auroc(truth[:, column], scores[:, column]) for column in range(truth.shape[1])])


def _auroc(truth: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    labelled = ~np.isnan(truth)
    positive, scores = truth[labelled] == 1, scores[labelled]
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mid_ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((mid_ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def dice_from_counts(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike) -> NDArray[np.float64]:
    """The Dice coefficient 2 TP / (2 TP + FP + FN) (Dice 1945), elementwise; 1 where prediction and mask are empty.

    Args:
        tp: the number of true positive pixels.
        fp: the number of false positive pixels.
        fn: the number of false negative pixels.
    """
    hits, size = 2.0 * np.asarray(tp), 2.0 * np.asarray(tp) + np.asarray(fp) + np.asarray(fn)
    return np.where(size == 0, 1.0, hits / np.where(size == 0, 1.0, size))


def dice(found: ArrayLike, truth: ArrayLike) -> float:
    """The Dice coefficient of two masks of one shape, which are true where the foreground is."""
    found_mask, true_mask = np.asarray(found, dtype=bool), np.asarray(truth, dtype=bool)
    return float(
        dice_from_counts(
            (found_mask & true_mask).sum(), (found_mask & ~true_mask).sum(), (~found_mask & true_mask).sum()
        )
    )
