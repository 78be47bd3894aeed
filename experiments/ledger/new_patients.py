"""What numbers say of new patients, of whom the patients that were tested are one sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from analysis.hypothesis import Evidence, Hypothesis, Variance, Verdict, verdicts
from analysis.outperformance import Span, chance_of_no_lead, difference_variance
from analysis.reproduction import auroc_error
from experiments.ledger.claim import Judge, Sum
from experiments.ledger.evidence_of import POINTS, OfPatients, of_document, of_printed
from experiments.reporting.page.published import PrintedNumbers
from experiments.tables.document import CellKey, TableDocument

NOT_RESAMPLED = "the command of the table with --bootstrap 1000 tests it"
"""What is lacking where a table's scores were not resampled: the race takes as many resamples."""


@dataclass(frozen=True)
class NewPatients:
    """What a claim, or a part of one, says of new patients.

    Attributes:
        error: the standard error, in points, of the least certain score by the test patients alone: how far new
            patients may move it, however many runs there are. Not a number where nothing is tested.
        chance: the probability that the printed score that is ahead is not ahead on new patients, for the assumed span
            of correlations between both scores; None for other sources, and for sums of more than two scores.
        assumed: whether that span of correlations is assumed, since printed areas do not tell it.
        evidence: what the numbers say with the variance over test patients added to that of the runs.
        verdict: the verdict on that, corrected over the claims or parts that are judged together.
    """

    error: float
    chance: Span | None
    assumed: bool
    evidence: Evidence
    verdict: Verdict


@dataclass(frozen=True)
class KnownPatients:
    """The test patients behind a source's numbers.

    Attributes:
        judge: what the numbers say of a sum with the variance over test patients added.
        variances: a function that gives a sum's variances over test patients.
        errors: the standard error of each cell in points by its test patients alone.
        leads: the scores of the cells in points, for the probability that a lead is chance; None: no such probability
            is told, since runs and patients are at hand.
        refused: why nothing is said of new patients, by the label of the column.
    """

    judge: Judge
    variances: OfPatients
    errors: Mapping[CellKey, float]
    leads: Mapping[CellKey, float] | None = None
    refused: Mapping[str, str] = field(default_factory=dict)


def printed_patients(numbers: PrintedNumbers) -> KnownPatients:
    """The test patients of printed numbers, of which the columns with known numbers of test images tell anything.

    The errors are Hanley and McNeil's (1982) of areas under the curve.

    Args:
        numbers: the printed numbers, whose columns with known numbers of test images hold areas under the curve.
    """
    errors = {
        cell: POINTS * auroc_error(value.mean / POINTS, *numbers.tested[cell[1]])
        for cell, value in numbers.values.items()
        if cell[1] in numbers.tested
    }
    variances = partial(_variances_of_printed, errors)
    leads = {cell: value.mean for cell, value in numbers.values.items()}
    return KnownPatients(of_printed(numbers, variances), variances, errors, leads)


def _variances_of_printed(errors: Mapping[CellKey, float], asked: Sum) -> list[Variance] | None:
    """The variances of a sum of printed areas, one for each column, which has test images of its own."""
    if not all(cell in errors for cell in asked.weights):
        return None
    found = []
    for column in dict.fromkeys(column for _, column in asked.weights):
        cells = [cell for cell in asked.weights if cell[1] == column]
        of_column = difference_variance([errors[cell] for cell in cells], [asked.weights[cell] for cell in cells])
        found.append(Variance(of_column, math.inf))
    return found


def patients_here(document: TableDocument) -> KnownPatients | None:
    """The test patients of a finished table, known where its scores were resampled; None for drawn images.

    Args:
        document: the finished table.
    """
    # Takes long to import, and a ledger without tables needs none.
    from experiments.reporting.blocks.patients import PatientsDrawnAnew, patients_of

    if document.edition != "real":
        return None
    part = patients_of(document)
    if part is None:
        scored = [column for column, _ in document.columns if column not in document.measured]
        part = PatientsDrawnAnew((), dict.fromkeys(scored, NOT_RESAMPLED))
    errors = {
        cell: POINTS * math.sqrt(of.covariance[place][place]) for of in part.sets for place, cell in enumerate(of.cells)
    }

    def variances(asked: Sum) -> list[Variance] | None:
        if not all(cell in errors for cell in asked.weights):
            return None
        return [
            Variance(POINTS**2 * of.variance(asked.weights), of.freedom)
            for of in part.sets
            if set(of.cells) & set(asked.weights)
        ]

    return KnownPatients(of_document(document, of_patients=variances), variances, errors, refused=part.refused)


def new_patients(
    asked: Sequence[tuple[KnownPatients | None, Sum, Hypothesis]],
) -> list[NewPatients | None]:
    """What sums that are judged together say of new patients; None for those whose test patients are not known.

    Args:
        asked: the test patients, the sum and what is asked of it, for each claim or part.
    """
    known: dict[int, Evidence] = {}
    for place, (tested, whole, hypothesis) in enumerate(asked):
        if tested is None or not whole.weights:
            continue
        if tested.variances(whole) is not None:
            known[place] = tested.judge(whole, hypothesis)
        elif refused := [tested.refused[column] for _, column in whole.weights if column in tested.refused]:
            known[place] = Evidence(math.nan, lacking=refused[0])
    told = verdicts([(asked[place][2], evidence) for place, evidence in known.items()])
    found: list[NewPatients | None] = [None] * len(asked)
    for (place, evidence), verdict in zip(known.items(), told, strict=True):
        tested, whole, _ = asked[place]
        assert tested is not None
        error = max((tested.errors.get(cell, math.nan) for cell in whole.weights), key=_unknown_first)
        found[place] = NewPatients(error, _chance(tested, whole), tested.leads is not None, evidence, verdict)
    return found


def _unknown_first(error: float) -> float:
    return math.inf if math.isnan(error) else error


def _chance(tested: KnownPatients, asked: Sum) -> Span | None:
    """The probability that the lead of one printed score over another is none on new patients."""
    weights = asked.weights
    if tested.leads is None or sorted(weights.values()) != [-1.0, 1.0] or len({column for _, column in weights}) != 1:
        return None
    (first, second), (lead, other) = ([of[cell] for cell in weights] for of in (tested.errors, tested.leads))
    return chance_of_no_lead(abs(lead - other), (first, second)) if min(first, second) > 0 else None
