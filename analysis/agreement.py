"""Scores that do not flatter a network for finding what is frequent: average precision, and agreement by class.

Those of resamples of the test patients take how often each resample draws each image, from ``bootstrap.draw_counts``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.curves import cumulated

AT_ONCE = 4_000_000
"""The number of entries of a matrix of resamples and images up to which resamples are scored together."""


def average_precision(targets: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """The average precision of each class: the mean precision at the ranks of the positives, equal scores together.

    It is the sum over thresholds of the precision times the gain in recall, without interpolation (Zhu 2004; as in
    scikit-learn, https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-f-measure-metrics). A
    classifier that knows nothing has the share of positives.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), any monotone score of the positive class.

    Returns:
        (K,) in [0, 1], NaN where a class has no positives.
    """
    truth, ranked = np.asarray(targets, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    return np.array([_average_precision(truth[:, column], ranked[:, column]) for column in range(truth.shape[1])])


def _average_precision(truth: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    hits, told = cumulated(truth, scores)
    if not len(hits) or hits[-1] == 0:
        return float("nan")
    precision, gained = hits / told, np.diff(hits, prepend=0) / hits[-1]
    return float((precision * gained).sum())


def average_precision_of_resamples(
    targets: ArrayLike, scores: ArrayLike, counts: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """The average precision of each class in each resample, as ``average_precision`` of the images that it draws.

    Args:
        targets: (N, K) of 0 and 1, NaN where a label is missing.
        scores: (N, K), any monotone score of the positive class.
        counts: how often each resample draws each image, (B, N).

    Returns:
        (B, K) in [0, 1], NaN where a resample has no positives of a class.
    """
    truth, ranked = np.asarray(targets, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    found = np.full((len(counts), truth.shape[1]), np.nan)
    for column in range(truth.shape[1]):
        labelled = np.flatnonzero(~np.isnan(truth[:, column]))
        order = labelled[np.argsort(-ranked[labelled, column], kind="stable")]
        if not len(order):
            continue
        positive = truth[order, column] == 1
        last = np.append(np.flatnonzero(np.diff(ranked[order, column])), len(order) - 1)
        step = max(AT_ONCE // len(order), 1)
        for start in range(0, len(counts), step):
            drawn = counts[start : start + step, order]
            told = np.cumsum(drawn, axis=1, dtype=np.int64)[:, last]
            hits = np.cumsum(drawn * positive, axis=1, dtype=np.int64)[:, last]
            gained, positives = np.diff(hits, axis=1, prepend=0), hits[:, -1]
            sums = (hits / np.maximum(told, 1) * gained).sum(axis=1)
            found[start : start + step, column] = np.where(positives > 0, sums / np.maximum(positives, 1), np.nan)
    return found


def confusions(true: ArrayLike, told: ArrayLike, classes: int) -> NDArray[np.int64]:
    """How often each class was told where each is true, (K, K), true classes in rows.

    Args:
        true: (N,) the numbers of the true classes.
        told: (N,) the numbers of the classes that were told.
        classes: the number K of classes.
    """
    pairs = np.asarray(true, dtype=np.int64) * classes + np.asarray(told, dtype=np.int64)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def confusions_of_resamples(
    true: ArrayLike, told: ArrayLike, classes: int, counts: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """How often each class was told where each is true in each resample, (B, K, K), true classes in rows.

    Args:
        true: (N,) the numbers of the true classes.
        told: (N,) the numbers of the classes that were told.
        classes: the number K of classes.
        counts: how often each resample draws each image, (B, N).
    """
    pairs = np.asarray(true, dtype=np.int64) * classes + np.asarray(told, dtype=np.int64)
    found = np.zeros((len(counts), classes**2), np.int64)
    for pair in np.unique(pairs):
        found[:, pair] = counts[:, pairs == pair].sum(axis=1, dtype=np.int64)
    return found.reshape(-1, classes, classes)


def balanced_accuracy(counts: NDArray[np.int64]) -> float:
    """The mean over the classes of the share of a class's images that are told as it (Brodersen et al. 2010).

    Args:
        counts: the confusions, (K, K), true classes in rows. A class without images is left out.
    """
    images = counts.sum(axis=1)
    there = images > 0
    return float((np.diag(counts)[there] / images[there]).mean())


def macro_f1(counts: NDArray[np.int64]) -> float:
    """The mean over the classes of F1, 2 TP / (2 TP + FP + FN) (van Rijsbergen 1979).

    Args:
        counts: the confusions, (K, K), true classes in rows. A class that is neither there nor told is left out.
    """
    sizes = counts.sum(axis=0) + counts.sum(axis=1)
    there = sizes > 0
    return float((2 * np.diag(counts)[there] / sizes[there]).mean())


def quadratic_kappa(counts: NDArray[np.int64]) -> float:
    """Cohen's kappa of ordered classes with weights that grow with the square of the distance (Cohen 1968).

    Args:
        counts: the confusions, (K, K), true classes in rows, in their order.

    Returns:
        At most 1; 0 is agreement by chance; NaN where one class alone is both true and told.
    """
    steps = np.arange(len(counts))
    weights = (steps[:, None] - steps[None, :]) ** 2
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    expected = float((weights * by_chance).sum())
    return 1 - float((weights * counts).sum()) / expected if expected else float("nan")
