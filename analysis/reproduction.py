"""Whether a mean that was found is the mean that somebody else reports: by the spread of runs, or of test sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, variance
from typing import Literal

from scipy import special

Verdict = Literal["runs", "test set", "not", "untold"]


@dataclass(frozen=True)
class Reported:
    """A mean that somebody else reports.

    Attributes:
        mean: the mean, in points.
        std: the sample standard deviation of single runs (ddof 1), in points; None: it is not known.
        runs: the number of runs; None: it is not known.
        other_images: whether the mean is of other test images than one's own.
    """

    mean: float
    std: float | None
    runs: int | None
    other_images: bool = False


@dataclass(frozen=True)
class Reproduction:
    """How a mean of one's own lies beside a reported one.

    Attributes:
        difference: one's own mean minus the reported one, in points.
        by_runs: the largest difference, in points, that the spread of runs explains at the level; None where no spread
            is known.
        by_test_set: the same with another test set of the same size on either side; None where that is not known.
        verdict: ``runs`` or ``test set`` for what explains the difference, ``not``, or ``untold`` without any spread.
    """

    difference: float
    by_runs: float | None
    by_test_set: float | None
    verdict: Verdict


def reproduction(
    values: Sequence[float], reported: Reported, test_error: float | None, level: float, tolerance: float = 0.0
) -> Reproduction:
    """Compare the mean of runs with a reported mean.

    Differences that the runs explain lie within Welch's interval of two means at the level (Welch 1947). Where the
    number of reported runs is not known, the reported mean counts as uncertain as a single run. Where one of the two
    spreads is not known, it counts as the other one. Another test set on either side adds twice the squared test error.

    Args:
        values: the scores of one's own runs, in points; one at least.
        reported: the mean that somebody else reports, with its spread and runs where these are known.
        test_error: the standard error, in points, that a mean owes to the cases of the test set; None: not known.
        level: the accepted probability in (0, 1) that a true reproduction is called none.
        tolerance: a difference in points that does not matter.
    """
    difference = mean(values) - reported.mean
    own = variance(values) if len(values) > 1 else None
    theirs = None if reported.std is None else reported.std**2
    explained = _half_width((own, len(values)), (theirs, reported.runs or 1), level)
    if explained is None:
        return Reproduction(difference, None, None, "untold")
    by_runs, by_test_set = max(explained, tolerance), None
    if test_error is not None:
        quantile = float(special.ndtri(1 - level / 2))
        by_test_set = max(math.hypot(explained, math.sqrt(2) * quantile * test_error), tolerance)
    size = abs(difference)
    verdict: Verdict = "runs" if size <= by_runs else "test set" if size <= (by_test_set or 0.0) else "not"
    return Reproduction(difference, by_runs, by_test_set, verdict)


def _half_width(own: tuple[float | None, int], theirs: tuple[float | None, int], level: float) -> float | None:
    """Half of the interval of the difference of two means, each of a variance, or None, and a number of runs.

    With both variances it is Welch's, with one of them Student's, as if both sides had this one; None without any.
    """
    known = [(spread, runs) for spread, runs in (own, theirs) if spread is not None]
    if not known:
        return None
    squared = [(known[0][0] if spread is None else spread) / runs for spread, runs in (own, theirs)]
    total = sum(squared)
    if total == 0:
        return 0.0
    if len(known) == 1:
        freedom = float(known[0][1] - 1)
    else:
        parts = [one**2 / (runs - 1) for one, (_, runs) in zip(squared, known, strict=True) if runs > 1]
        freedom = total**2 / sum(parts) if sum(parts) else math.inf
    quantile = (
        float(special.stdtrit(freedom, 1 - level / 2))
        if 0 < freedom < math.inf
        else float(special.ndtri(1 - level / 2))
    )
    return quantile * math.sqrt(total)


def auroc_error(auroc: float, positives: int, negatives: int) -> float:
    """The standard error of an area under the ROC curve by its cases (Hanley and McNeil 1982, equation 1).

    Args:
        auroc: the area, in [0, 1].
        positives: the number of cases that show the class, 1 or more.
        negatives: the number of cases that do not, 1 or more.
    """
    of_positives, of_negatives = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    total = (
        auroc * (1 - auroc) + (positives - 1) * (of_positives - auroc**2) + (negatives - 1) * (of_negatives - auroc**2)
    )
    return math.sqrt(max(total, 0.0) / (positives * negatives))
