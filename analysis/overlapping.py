"""Differences of arms that were trained and tested in folds, whose training sets overlap.

The unit is a fold: the runs of an arm in a fold, which differ by their seeds, are averaged first, since each further
one tells of the same images. Of two arms the folds' differences are compared, for both are trained and tested on the
same images there.

The folds' differences are no independent sample: most patients train in most folds. Their sample variance S2 over K
folds, divided by K, is too small for the variance of their mean. Nadeau and Bengio (2003,
https://doi.org/10.1023/A:1024068626366) take (1 / K + tested / trained) S2 instead, with K - 1 degrees of
freedom, as if two folds' differences were correlated by tested / (tested + trained). No estimator is unbiased for every
learner (Bengio and Grandvalet 2004, https://www.jmlr.org/papers/v5/grandvalet04a.html).

How far that goes: to first order, a fold's difference is the mean of a part of each tested patient, and the mean of a
part of each training patient. Where of K folds one tests and one validates, the variance is large enough for 3 and 4
folds, whatever these parts are; for 5 folds if those of training patients have up to 3 times the variance of those of
tested ones; for 10 folds up to 4 / 3 times. What seeds add is in S2 too, and is independent between folds, so that for
seeds the variance is larger than need be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.differences import OverPatients

Array = NDArray[np.float64]


def over_patients(scores: Array, ratio: float) -> OverPatients:
    """How much means over all folds would vary with other patients to train and to test on.

    Seeds, tested images and training images vary, all of them, so that nothing would have to be added for seeds.

    Args:
        scores: (arms, folds, seeds), of the same folds for all arms; two folds or more.
        ratio: images that are tested on per image that is trained on, such as 1 / 3 where of five folds one is tested
            on, another one validates, and all images of the others are trained on.

    Raises:
        ValueError: if there are fewer than two folds, a score is not finite, or the ratio is negative.
    """
    if scores.ndim != 3 or 0 in scores.shape or not np.isfinite(scores).all():
        raise ValueError(f"expected finite scores of shape (arms, folds, seeds), found shape {scores.shape}")
    means = scores.mean(axis=2)
    folds = means.shape[1]
    if folds < 2 or not 0 <= ratio < np.inf:
        raise ValueError(f"expected two folds or more and a ratio of 0 or more, found {folds} and {ratio}")
    return OverPatients((1 / folds + ratio) * np.atleast_2d(np.cov(means)), folds - 1.0)
