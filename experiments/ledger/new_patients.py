"""What printed areas under the curve say of new patients, of whom the paper's test images are one sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from analysis.hypothesis import Evidence, Hypothesis, Verdict, verdicts
from analysis.outperformance import Span, chance_of_no_lead, difference_variance
from analysis.reproduction import auroc_error
from experiments.ledger.claim import Sum
from experiments.ledger.evidence_of import POINTS, of_printed
from experiments.reporting.page.published import PrintedNumbers
from experiments.tables.document import CellKey


@dataclass(frozen=True)
class NewPatients:
    """What a part of a claim says of new patients, for the numbers as printed.

    Attributes:
        error: the standard error, in points, of the least certain area by the test images alone: how far new patients
            may move it, however many runs there are.
        chance: the probability that the score that is ahead as printed is not ahead on new patients, for the assumed
            span of correlations between both scores; None where the part is not one score less another.
        evidence: what the numbers say with the variance over test patients added to that of the runs.
        verdict: the verdict on that, corrected over the parts of the claim of which as much is known.
    """

    error: float
    chance: Span | None
    evidence: Evidence
    verdict: Verdict


def new_patients(numbers: PrintedNumbers, parts: tuple[Sum, ...], hypothesis: Hypothesis) -> list[NewPatients | None]:
    """What each part says of new patients; None for those of which it is not known how many test images there were.

    Args:
        numbers: the printed numbers, whose columns with known numbers of test images hold areas under the curve.
        parts: the parts of the claim.
        hypothesis: what is asked of each part.
    """
    judge = of_printed(numbers, partial(_variance, numbers))
    found = [(judge(part, hypothesis), _errors(numbers, part)) for part in parts]
    told = iter(verdicts([(hypothesis, evidence) for evidence, errors in found if errors]))
    return [
        NewPatients(max(errors.values()), _chance(numbers, part, errors), evidence, next(told)) if errors else None
        for part, (evidence, errors) in zip(parts, found, strict=True)
    ]


def _errors(numbers: PrintedNumbers, asked: Sum) -> dict[CellKey, float]:
    """The standard error of each area in a sum, in points, by its test images alone (Hanley and McNeil 1982).

    Empty if the numbers of test images of one of its columns are not known, or one of its cells has no number.
    """
    if not all(column in numbers.tested and (row, column) in numbers.values for row, column in asked.weights):
        return {}
    return {
        (row, column): POINTS * auroc_error(numbers.values[row, column].mean / POINTS, *numbers.tested[column])
        for row, column in asked.weights
    }


def _variance(numbers: PrintedNumbers, asked: Sum) -> float | None:
    """The variance of a sum over test patients: columns have patients of their own, and add theirs up."""
    errors = _errors(numbers, asked)
    if not errors:
        return None
    total = 0.0
    for column in dict.fromkeys(column for _, column in errors):
        cells = [cell for cell in errors if cell[1] == column]
        total += difference_variance([errors[cell] for cell in cells], [asked.weights[cell] for cell in cells])
    return total


def _chance(numbers: PrintedNumbers, asked: Sum, errors: dict[CellKey, float]) -> Span | None:
    if sorted(asked.weights.values()) != [-1.0, 1.0] or len({column for _, column in errors}) != 1:
        return None
    (first, second), (lead, other) = errors.values(), (numbers.values[cell].mean for cell in errors)
    return chance_of_no_lead(abs(lead - other), (first, second)) if min(first, second) > 0 else None
