"""Scores of groups of patients: which groups are large enough to be told of, and how far the groups are apart.

A score is told of a group only where it has enough patients that nobody is singled out and the score means something.
The gap is the difference between the groups with the highest and the lowest score. Its interval is that of the
difference of these two groups over resamples of the patients; that the two were chosen by the scores themselves is not
in it, so that a gap above 0 is found by chance too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.bootstrap import interval

FEWEST_PATIENTS = 10
"""The number of test patients below which a group is not told of: smaller groups might single somebody out."""

FEWEST_OF_CLASS = 5
"""The number of test patients with a class, and without it, below which a group's score is not told.

It is the number below which nothing is concluded about new patients either (``analysis.patients.FEWEST``).
"""


@dataclass(frozen=True)
class Gap:
    """The difference between the groups with the highest and the lowest score.

    Attributes:
        highest: the name of the group with the highest score.
        lowest: the name of the group with the lowest score.
        difference: the score of the one minus that of the other, in [0, 1].
        interval: the 95 % percentile interval of this difference over patients; None: no resample has one.
    """

    highest: str
    lowest: str
    difference: float
    interval: tuple[float, float] | None


def large_enough(patients: Sequence[str], targets: ArrayLike | None) -> bool:
    """Whether a group has enough patients for its score to be told.

    Args:
        patients: the patient of each image of the group; equal values are one patient.
        targets: (N, K) of 0 and 1, NaN where a label is missing, of each class that the score is of; a patient with
            images of both kinds counts for both. None: the score knows no classes.
    """
    everyone = np.asarray(patients, dtype=str)
    if len(np.unique(everyone)) < FEWEST_PATIENTS:
        return False
    columns = np.empty((0, 0)) if targets is None else np.asarray(targets, dtype=np.float64).T
    return all(
        len(np.unique(everyone[column == shown])) >= FEWEST_OF_CLASS for column in columns for shown in (0, 1)
    )  # fmt: skip


def gap(scores: Mapping[str, float], resampled: Mapping[str, NDArray[np.float64]]) -> Gap | None:
    """The gap between the groups with the highest and the lowest score; None if there are fewer than two.

    Args:
        scores: the score of each group.
        resampled: the score of each group in the same resamples of the patients, (B,); NaN where it is undefined.
    """
    if len(scores) < 2:
        return None
    highest, lowest = max(scores, key=scores.__getitem__), min(scores, key=scores.__getitem__)
    difference, drawn = scores[highest] - scores[lowest], resampled[highest] - resampled[lowest]
    if np.isnan(drawn).all():
        return Gap(highest, lowest, difference, None)
    found = interval(difference, drawn)
    return Gap(highest, lowest, difference, (found.low, found.high))
