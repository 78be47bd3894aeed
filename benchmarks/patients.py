"""Worlds of new patients, in which each arm's area under the ROC curve over the whole population is known.

A network's score of an image is normal, with variance 1 within each class, and positives are shifted by d: its area
over the population is then Phi(d / sqrt 2), with Phi the standard normal distribution function (the binormal model,
Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747). Over runs d is normal around an arm's, with a
standard deviation s, so that an arm's mean area is Phi(d / sqrt(2 + s^2)). Scores are correlated: an image has a part
that all arms share, one that all runs of an arm share, and one of each run; all are shared in part by the images of a
patient.

The variance of means over patients is computed in closed form (`analysis.delong`) instead of by the bootstrap, which
takes far longer; tests/analysis/test_patients.py compares the two. The closed form is the harder test of the decision,
since the bootstrap's variance of a difference is larger by a sixth with ten patients of the rarer class, and by more
with fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.decision import Patients
from analysis.delong import covariance_of_areas, placements
from analysis.differences import OverPatients
from analysis.patients import with_hard_one

Array = NDArray[np.float64]

VALIDATING = 0.02
"""The standard deviation of a validation score around a run's true area; validation scores order the arms."""


@dataclass(frozen=True)
class PatientCell:
    """A kind of world with patients, from which comparisons are drawn.

    Attributes:
        name: the name, which says what kind of world it is.
        means: the true area under the ROC curve of each arm.
        positives: the number of test patients with the finding.
        negatives: the number of test patients without it.
        spread: the standard deviation of the shift d over runs; 0.06 is one point of area at 85.
        shared: the share of an image's variance that is the same in all arms.
        own: the share that is the same in all runs of an arm; the rest is each run's own.
        images: the number of images of each patient.
        alike: the share of the variance that the images of a patient have in common.
        as_patients: whether images are wrongly taken for patients.
        stress: whether the cell goes beyond what is promised.
        missed: the share of the positives that all arms but the best take for negatives, a kind of patient of its own.
    """

    name: str
    means: tuple[float, ...]
    positives: int
    negatives: int
    spread: float = 0.06
    shared: float = 0.6
    own: float = 0.3
    images: int = 1
    alike: float = 0.6
    as_patients: bool = False
    stress: bool = False
    missed: float = 0.0

    def draw(self, generator: np.random.Generator, runs: int) -> tuple[Array, Array, Array, Patients | None]:
        """Draw true means (arms,), scores (arms, runs), best validation scores of the tuning (arms,), and patients."""
        from scipy import special

        arms, units = len(self.means), self.positives + self.negatives
        means = generator.permutation(np.array(self.means))
        missing = np.where(means < means.max(), self.missed, 0.0)  # of these one half lie above a negative
        middle = np.sqrt(2 + self.spread**2) * special.ndtri((means - missing / 2) / (1 - missing))
        shifts = middle[:, None] + self.spread * generator.standard_normal((arms, runs + 1))
        tuned = special.ndtr(shifts[:, 0] / np.sqrt(2)) + VALIDATING * generator.standard_normal(arms)
        values = (
            np.sqrt(self.shared) * self._noise(generator, 1, 1)
            + np.sqrt(self.own) * self._noise(generator, arms, 1)
            + np.sqrt(1 - self.shared - self.own) * self._noise(generator, arms, runs)
        )
        up = shifts[:, 1:, None, None] + np.zeros((self.positives, 1))
        if self.missed:
            up[np.ix_(missing > 0, np.arange(runs), generator.random(self.positives) < self.missed)] = 0
        values[:, :, : self.positives] += up
        rows = values.reshape(arms * runs, units * self.images)
        cut = self.positives * self.images
        above, below = (part.reshape(arms, runs, -1) for part in placements(rows[:, :cut], rows[:, cut:]))
        return means, above.mean(axis=2), tuned, self._patients(above, below)

    def _noise(self, generator: np.random.Generator, arms: int, runs: int) -> Array:
        """Random noise of variance 1, (arms, runs, patients, images), correlated within a patient."""
        patients = self.positives + self.negatives
        if self.images == 1:
            return generator.standard_normal((arms, runs, patients, 1))
        common = generator.standard_normal((arms, runs, patients, 1))
        each = generator.standard_normal((arms, runs, patients, self.images))
        noise: Array = np.sqrt(self.alike) * common + np.sqrt(1 - self.alike) * each
        return noise

    def _patients(self, above: Array, below: Array) -> Patients:
        """How arms' means would vary with new patients, computed from images' placements (arms, runs, images)."""
        units = 1 if self.as_patients else self.images
        rarer = min(self.positives, self.negatives) * self.images // units
        summed = [values.reshape(*values.shape[:2], -1, units).mean(axis=3).cumsum(axis=1) for values in (above, below)]

        def over(names: Sequence[str], runs: int) -> OverPatients:
            at = [int(name) for name in names]
            return with_hard_one(covariance_of_areas(*(values[at, runs - 1] / runs for values in summed)), rarer)

        return over


def patient_cells() -> list[PatientCell]:
    """The declared cells for new patients, and some that go beyond what is promised."""
    cells = []
    few, many = ("equal", "one 1.1 ahead", "ladder of 1.1"), ("one 1.1 ahead", "ladder of 1.1")
    for patients, positives, arms, names in (
        (60, 20, 3, few),
        (300, 60, 3, few),
        (300, 60, 14, many[:1]),
        (2000, 200, 3, many),
        (2000, 200, 14, many[:1]),
    ):
        effects = {
            "equal": [0.0] * arms,
            "one 1.1 ahead": [0.011] + [0.0] * (arms - 1),
            "ladder of 1.1": list(0.011 * np.arange(arms) - 0.011 * max(arms - 8, 0)),
        }
        for name in names:
            means = tuple(0.85 + float(lead) for lead in effects[name])
            told = f"{patients} patients, {arms} arms, {name}"
            cells.append(PatientCell(told, means, positives, patients - positives))
    five = (0.88, *[0.85] * 4)
    one_ahead = (0.861, 0.85, 0.85)
    return [
        *cells,
        PatientCell("600 patients, 5 arms, one 3 ahead", five, 150, 450),
        PatientCell("60 patients, 3 arms, one 10 ahead", (0.95, 0.85, 0.85), 20, 40),
        PatientCell("60 patients, arms alike, one 1.1 ahead", one_ahead, 20, 40, 0.02, 0.97, 0.02),
        PatientCell("300 patients, arms alike, one 1.1 ahead", one_ahead, 60, 240, 0.02, 0.97, 0.02),
        PatientCell("60 patients, 10 of the rarer class, one 1.1 ahead", one_ahead, 10, 50),
        PatientCell("300 patients, 5 of the rarer class, one 1.1 ahead", one_ahead, 5, 295),
        PatientCell("75 patients of 4 images, one 1.1 ahead", one_ahead, 25, 50, images=4),
        PatientCell("60 patients, images as if patients, one 1.1 ahead", one_ahead, 20, 40, 0.02, 0.3, 0.65, images=8,
                    as_patients=True, stress=True),
        PatientCell("300 patients, 3 in 100 findings missed by the others, at 98", (0.98, 0.9656, 0.9656), 30, 270,
                    stress=True, missed=0.03),
        PatientCell("60 patients, 5 of the rarer class, at 98", (0.985, 0.97, 0.97), 5, 55, stress=True),
    ]  # fmt: skip
