"""How far predictions follow an artifact that says nothing of the truth: its pull, and the gap that it makes.

The pull is what the artifact alone does to a prediction: that of an image with it less that of the same image without
it. It is 1 where a predictor reads the artifact alone, and 0 where a predictor ignores it. The gap is between the
areas under the curve of the images whose artifact agrees with the truth and of those whose artifact contradicts it: 1
where a predictor reads the artifact alone, and near 0 where it ignores it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.bootstrap import auroc_of_resamples


def pull(with_it: ArrayLike, without_it: ArrayLike, counts: NDArray[np.uint8] | None = None) -> NDArray[np.float64]:
    """The mean change of the predicted probability when the artifact is put on, in [-1, 1].

    Args:
        with_it: (N,), the probability that each image gets with the artifact.
        without_it: (N,), the probability that the same image gets without it.
        counts: how often each resample draws each image, (B, N); None: the images themselves, B = 1.

    Returns:
        (B,), NaN where a resample is empty.

    Raises:
        ValueError: if the sizes differ.
    """
    first, second = np.asarray(with_it, dtype=np.float64), np.asarray(without_it, dtype=np.float64)
    drawn = _counts(counts, first.shape)
    if first.shape != second.shape or drawn.shape[1:] != first.shape:
        raise ValueError(f"images {first.shape} and {second.shape} and counts {drawn.shape} do not fit each other")
    sizes = drawn.sum(axis=1, dtype=np.float64)
    sums = drawn.astype(np.float64) @ (first - second)
    found: NDArray[np.float64] = np.divide(sums, sizes, out=np.full(len(drawn), np.nan), where=sizes > 0)
    return found


def agreement_gap(
    truth: ArrayLike, probabilities: ArrayLike, there: ArrayLike, counts: NDArray[np.uint8] | None = None
) -> NDArray[np.float64]:
    """The area under the curve where the artifact agrees with the truth, less that where it contradicts it, in [-1, 1].

    Args:
        truth: (N,) of 0 and 1, NaN where nobody labelled an image.
        probabilities: (N,), any monotone score of 1.
        there: (N,) of booleans, whether an image has the artifact.
        counts: how often each resample draws each image, (B, N); None: the images themselves, B = 1.

    Returns:
        (B,), NaN where one of both has no image of a kind.

    Raises:
        ValueError: if a probability is NaN, or the sizes differ.
    """
    known, scores = np.asarray(truth, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    agrees = known == np.asarray(there, dtype=bool)
    columns = np.stack([np.where(agrees, known, np.nan), np.where(agrees, np.nan, known)], axis=1)
    areas = auroc_of_resamples(columns, np.stack([scores, scores], axis=1), _counts(counts, known.shape))
    gap: NDArray[np.float64] = areas[:, 0] - areas[:, 1]
    return gap


def _counts(counts: NDArray[np.uint8] | None, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """How often each resample draws each image; without any, each image once."""
    return np.ones((1, *shape), np.uint8) if counts is None else counts
