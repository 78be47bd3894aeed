"""What printed areas say of new patients: against formulas that are written out here."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from experiments.ledger.ledger import Part, ledger
from experiments.ledger.words import for_new_patients

PARTS = {
    (one.name, part.name): part
    for one in ledger((), "benchmark")
    for finding in one.findings
    if finding.kind == "as printed"
    for part in finding.parts
}

WITH, WITHOUT = 68, 66
"""The test images of TXC with and without tuberculosis."""


def hanley_mcneil(area: float) -> float:
    """Their standard error in points, written out."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (WITH - 1) * (q1 - area**2) + (WITHOUT - 1) * (q2 - area**2)
    return 100 * math.sqrt(variance / (WITH * WITHOUT))


def part_of(claim: str, name: str) -> Part:
    return PARTS[f"benchmark_{claim}", name]


def test_what_other_test_images_alone_would_move_stands_beside_a_part() -> None:
    told = part_of("continual_beats_natural", "TXC, CheXpert").new_patients
    assert told is not None
    assert told.error == pytest.approx(hanley_mcneil(0.9562))  # of the lower area


def test_only_parts_whose_test_images_are_counted_say_anything_of_new_patients() -> None:
    assert part_of("continual_beats_natural", "DXC5, ChestX-ray14").new_patients is None
    assert part_of("continual_beats_natural", "PXS, CheXpert").new_patients is None


def test_the_probability_that_a_printed_win_is_chance_is_written_out() -> None:
    part = part_of("continual_beats_natural", "TXC, CheXpert")
    told = part.new_patients
    assert told is not None and told.chance is not None
    lead = part.evidence.estimate
    errors = hanley_mcneil(0.9562), hanley_mcneil(0.9562 + lead / 100)
    sds = [math.sqrt(errors[0] ** 2 + errors[1] ** 2 - 2 * r * errors[0] * errors[1]) for r in (0.9, 0.3)]
    assert told.chance == pytest.approx([stats.norm.sf(lead / sd) for sd in sds])


def test_the_verdict_for_new_patients_adds_their_variance_to_that_of_the_runs() -> None:
    part = part_of("continual_beats_natural", "TXC, CheXpert")
    told = part.new_patients
    assert told is not None and told.evidence.interval is not None and part.evidence.interval is not None
    assert told.evidence.estimate == part.evidence.estimate
    errors = hanley_mcneil(0.9562), hanley_mcneil(0.9562 + part.evidence.estimate / 100)
    of_patients = errors[0] ** 2 + errors[1] ** 2 - 2 * 0.3 * errors[0] * errors[1]
    half, of_both = ((one[1] - one[0]) / 2 for one in (part.evidence.interval, told.evidence.interval))
    # Quantiles of few runs are above 1.96 and those of nearly normal sums are not, so half widths bound variances.
    assert 1.96**2 * of_patients < of_both**2 < 2.2**2 * of_patients + half**2
    assert part.verdict == "supported" and told.verdict != "supported"


def test_what_is_told_names_the_verdict_the_probability_and_what_is_assumed() -> None:
    part = part_of("continual_beats_natural", "TXC, CheXpert")
    text = for_new_patients(part)
    assert text.startswith(f"for new patients {part.new_patients.verdict}: " if part.new_patients else "")
    assert "that the lower score is as good or better there has a probability of" in text
    assert "assumed: both scores correlate by 0.3 to 0.9" in text
    assert for_new_patients(part_of("continual_beats_natural", "PXS, CheXpert")) == ""
