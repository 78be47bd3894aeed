"""Cross-validation: the uncertainty of arms' means over folds, whose training sets overlap.

The unit is a fold. The runs of an arm in a fold, which differ by their seeds, are averaged first, since they all
concern the same images. Two arms are compared by their differences in each fold, since both are trained and tested on
the same images there.

These differences are no independent sample, since most patients are trained on in most folds. Their sample variance S2
over K folds, divided by K, underestimates the variance of their mean. Nadeau and Bengio (2003,
https://doi.org/10.1023/A:1024068626366) take (1 / K + tested / trained) S2 instead, with K - 1 degrees of
freedom, as if two folds' differences were correlated by tested / (tested + trained). No estimator is unbiased for every
learner (Bengio and Grandvalet 2004, https://www.jmlr.org/papers/v5/grandvalet04a.html).

When is that enough? To first order, a fold's difference is the mean of one term per tested patient plus the mean of one
term per training patient. If one of K folds tests and another one validates, the variance is large enough for 3 and 4
folds, whatever these terms are; for 5 folds if the training patients' terms have up to 3 times the variance of the
tested patients' terms; for 10 folds if they have up to 4 / 3 times. The variance between seeds is part of S2 too. It is
independent between folds, so that for seeds the estimate is larger than need be.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.differences import OverPatients

Array = NDArray[np.float64]


def over_patients(scores: Array, ratio: float) -> OverPatients:
    """How much the arms' means over all folds would vary with other patients to train and to test on.

    The estimate covers the variation of seeds, tested images and training images, so that nothing has to be added for
    seeds.

    Args:
        scores: the scores (arms, folds, seeds), in [0, 1], with the same two or more folds for all arms.
        ratio: the number of images that are tested on per image that is trained on, such as 1 / 3 where of five folds
            one is tested on, another one validates, and all images of the others are trained on.

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
