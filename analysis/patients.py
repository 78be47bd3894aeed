"""How much arms' means would vary with other test patients, from the scores of resampled ones.

Patients are drawn with replacement, the same for all arms (``bootstrap.draw_counts``), and each run of each arm is
scored on each such resample. The covariance of the arms' means between resamples is the bootstrap's (Efron and
Tibshirani 1993, An Introduction to the Bootstrap, chapters 6 and 7); it is that of any score. For the area under the
ROC curve DeLong et al. 1988 (https://doi.org/10.2307/2531595) give it in a closed form,
``delong.covariance_of_areas``, which this one comes near.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.differences import OverPatients

Array = NDArray[np.float64]

FEWEST = 5
"""Test patients of the rarer class below which nothing is concluded about new patients.

With five to thirty of them among 60, 300 or 2,000, and areas under the ROC curve of 75 to 98, a test at 5 % errs in at
most 4.3 % of the comparisons of two arms whose runs vary little (docs/decisions.md, `benchmarks.fewest`); fewer were
not tried. Of four patients a resample holds none in one case of fifty. Five are enough not to be wrong, but seldom to
say anything.
"""

HARD = 0.25
"""By how much an arm's mean might be off for one patient of a kind that the test set does not hold.

Near a score of 1 almost all patients are scored alike by all arms, and the few on whom arms differ are often not in a
small test set: without this, a test at 5 % errs in up to 14 % of the comparisons at an area of 98 with few patients of
the rarer class, and in 19 % where an arm misses a kind of 3 in 100 patients. With half of it, it still errs in 8 % of
the latter (`benchmarks.fewest`). With 60 patients of the rarer class it adds a standard error of 0.6 points.
"""

FEWEST_RESAMPLES = 200
"""Enough for a standard error (Efron and Tibshirani 1993, chapter 6.4): a variance is then right to a tenth."""

UNDEFINED = 0.05
"""Share of the resamples that may have no score. Of five patients of a class none is drawn in one of 150."""


class TooFewPatientsError(ValueError):
    """There are too few test patients of a kind for anything to be concluded of new ones."""


def over_patients(resampled: Sequence[Array], patients: int) -> OverPatients:
    """The covariance of the arms' means over new patients.

    A resample in which any run of any arm has no score is left out for all arms, so that all are compared on the same
    patients.

    Drawing m patients anew from m varies less than drawing them from a population, by (m - 1) / m where the score is a
    mean, so that the covariance is multiplied by m / (m - 1) (Efron and Tibshirani 1993, chapter 5.3). An area under
    the ROC curve depends mostly on the rarer class, so that m counts its patients. What single runs vary by with the
    patients is both in this covariance and in the variance between runs: errors are rather too large than too small.

    Args:
        resampled: of each arm the scores (runs, resamples) of the runs whose mean is compared, NaN where undefined; the
            resamples are the same for all arms.
        patients: the test patients of the rarer class; where a score knows no classes, all of them. A patient with
            images of both classes counts for both.

    Raises:
        TooFewPatientsError: if there are fewer patients than ``FEWEST``, or too many resamples are undefined.
        ValueError: if there are too few resamples, or arms have other numbers of them.
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
    """What a covariance says of new patients, as if there were one more that is hard for some arm (``HARD``).

    Args:
        covariance: (arms, arms) of the arms' means over patients.
        patients: the test patients of the rarer class, m; the covariance has m - 1 degrees of freedom.
    """
    return OverPatients(covariance + np.eye(len(covariance)) * (HARD / patients) ** 2, patients - 1)
