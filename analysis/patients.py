"""The bootstrap covariance of arms' means over test patients: how much they would vary with other patients.

Patients are drawn with replacement, the same for all arms (``bootstrap.draw_counts``), and each run of each arm is
scored on each such resample. The covariance of the arms' means between resamples estimates that between test sets
(Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 6 and 7), for any score. For the area under the
ROC curve DeLong et al. 1988 (https://doi.org/10.2307/2531595) give it in a closed form, ``delong.covariance_of_areas``,
and the two nearly agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.differences import OverPatients

Array = NDArray[np.float64]

FEWEST = 5
"""The number of test patients of the rarer class below which nothing is concluded about new patients.

With five to thirty of them among 60, 300 or 2,000, and areas under the ROC curve of 75 to 98, a test at 5 % errs in at
most 4.3 % of the comparisons of two arms whose runs vary little (docs/decisions.md, `benchmarks.fewest`); fewer were
not tried. With only four, none of them is drawn in one of fifty resamples. Five are enough not to be wrong, but seldom
enough to conclude anything.
"""

HARD = 0.25
"""How far off an arm's score might be on a single patient of a kind that the test set does not hold.

Near a score of 1 almost all patients are scored alike by all arms, and the few on whom arms differ are often missing
from a small test set. Without this constant, a test at 5 % errs in up to 14 % of the comparisons at an area of 98 with
few patients of the rarer class, and in 19 % where an arm fails on a kind of 3 in 100 patients. With half of it, it
still errs in 8 % of the latter (`benchmarks.fewest`). With 60 patients of the rarer class it adds a standard error of
0.6 points.
"""

FEWEST_RESAMPLES = 200
"""The smallest number of resamples, enough for a standard error (Efron and Tibshirani 1993, chapter 6.4).

A variance is then right to a tenth of it.
"""

UNDEFINED = 0.05
"""The largest share of resamples without a score. With five patients of a class, none is drawn in one of 150."""


class TooFewPatientsError(ValueError):
    """There are too few test patients of a kind to conclude anything about new ones."""


def over_patients(resampled: Sequence[Array], patients: int) -> OverPatients:
    """The covariance of the arms' means over test sets of new patients.

    A resample in which any run of any arm has no score is left out for all arms, so that all are compared on the same
    patients.

    Drawing m patients from the m at hand varies less than drawing them from a population, by (m - 1) / m where the
    score is a mean, so that the covariance is multiplied by m / (m - 1) (Efron and Tibshirani 1993, chapter 5.3). An
    area under the ROC curve depends mostly on the rarer class, so that m counts its patients. How a single run's score
    varies with the patients is part of this covariance and of the variance between runs, so that standard errors are
    too large rather than too small.

    Args:
        resampled: for each arm an array (runs, resamples) with the scores of the runs whose mean is compared, NaN where
            undefined; the resamples are the same for all arms.
        patients: the number of test patients of the rarer class; where a score knows no classes, of all of them. A
            patient with images of both classes counts for both.

    Raises:
        TooFewPatientsError: if there are fewer patients than ``FEWEST``, or too many resamples are undefined.
        ValueError: if there are too few resamples, or the arms' numbers of resamples differ.
    """
    if patients < FEWEST:
        raise TooFewPatientsError(
            f"the rarer class has {patients} test patients; expected {FEWEST} or more, with fewer of which too little "
            "is known of new patients: take a test set with more of them, or conclude about these images alone"
        )
    sizes = sorted({values.shape[1] for values in resampled})
    if len(sizes) != 1 or sizes[0] < FEWEST_RESAMPLES:
        raise ValueError(
            f"expected {FEWEST_RESAMPLES} or more resamples of the test patients, the same for all arms, found "
            f"{', '.join(map(str, sizes)) or 'no arms'}: measure all runs with the same number of resamples"
        )
    means = np.stack([values.mean(axis=0) for values in resampled])
    defined = ~np.isnan(means).any(axis=0)
    without = int((~defined).sum())
    if without > UNDEFINED * len(defined):
        raise TooFewPatientsError(
            f"{without} of {len(defined)} resamples of the test patients have no score; expected {UNDEFINED:.0%} or "
            "less: the test set holds too few patients of a kind that the score needs"
        )
    return with_hard_one(np.atleast_2d(np.cov(means[:, defined])) * patients / (patients - 1), patients)


def with_hard_one(covariance: Array, patients: int) -> OverPatients:
    """A covariance over patients, enlarged for one more patient that is hard for some arm (``HARD``).

    Args:
        covariance: the covariance (arms, arms) of the arms' means over patients.
        patients: the number m of test patients of the rarer class; the covariance has m - 1 degrees of freedom.
    """
    return OverPatients(covariance + np.eye(len(covariance)) * (HARD / patients) ** 2, patients - 1)
