"""What printed areas say of new patients: against formulas that are written out here."""

from __future__ import annotations

import dataclasses
import math

import pytest
from scipy import stats

from experiments.ledger.claim import difference
from experiments.ledger.ledger import Finding, Part, ledger
from experiments.ledger.new_patients import patients_here
from experiments.ledger.page import claims_latex, render_claims
from experiments.ledger.words import for_new_patients, of_part
from experiments.reporting.blocks.patients import PatientsDrawnAnew, SamePatients
from experiments.tables.document import Cell, TableDocument
from tests.experiments.example_table import document

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
    text = of_part(part)
    assert text.startswith(f"for new patients {part.new_patients.verdict}: " if part.new_patients else "")
    assert "that the lower score is as good or better there has a probability of" in text
    assert "assumed: scores on the same images correlate by 0.3 to 0.9" in text
    assert of_part(part_of("continual_beats_natural", "PXS, CheXpert")) == ""


NETWORKS = ("ResNet-50", "Inception-v3", "CBR-LargeT", "CBR-LargeW", "CBR-Small", "CBR-Tiny")
CELLS = tuple((row, network) for network in NETWORKS for row in ("random", "transfer"))


def here(of_a_score: float, shared: float) -> TableDocument:
    """A table of Transfusion in which transfer is 5 points ahead, all of whose cells have the same 41 test patients.

    Args:
        of_a_score: the variance of each mean over test patients, of scores in [0, 1].
        shared: the covariance of each pair of means.
    """
    values = {cell: tuple(0.8 + 0.05 * (cell[0] == "transfer") + 0.001 * seed for seed in range(5)) for cell in CELLS}
    covariance = tuple(tuple(of_a_score if a == b else shared for b in CELLS) for a in CELLS)
    return document(
        name="transfusion-table-1",
        rows=(("random", "random"), ("transfer", "random")),
        columns=tuple((network, "auroc") for network in NETWORKS),
        cells={cell: Cell(scores) for cell, scores in values.items()},
        edition="real",
        protocol="paper",
        parts=(PatientsDrawnAnew((SamePatients(CELLS, covariance, 40.0),), {}),) if of_a_score else (),
    )


def finding_of(made: TableDocument) -> Finding:
    """What runs here say of the claim that transfer offers little benefit: equality within a margin."""
    (entry,) = (one for one in ledger([made], "transfusion") if one.name == "transfusion_little_benefit")
    (finding,) = (one for one in entry.findings if one.kind == "here")
    return finding


def test_runs_here_speak_for_new_patients_where_their_scores_were_resampled() -> None:
    """The variance of a difference of two means over six columns of the same patients is written out."""
    one, shared = 0.02**2, 0.015**2
    finding = finding_of(here(one, shared))
    told = finding.new_patients
    assert told is not None and told.chance is None and not told.assumed
    assert told.error == pytest.approx(2.0)
    # Each of the 12 cells has the weight 1/6 or -1/6; what all of them share cancels.
    of_patients = 100**2 * 12 * (one - shared) / 36
    of_runs = 100**2 * 12 * (0.001**2 * 2.5 / 5) / 36
    freedom = (of_runs + of_patients) ** 2 / (12 * (of_runs / 12) ** 2 / 4 + of_patients**2 / 40)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(of_runs + of_patients)
    assert told.evidence.interval == pytest.approx((5 - half, 5 + half))
    assert finding.verdict == told.verdict == "contradicted"
    assert "for new patients contradicted +5.00 (+" in for_new_patients(told)
    assert "assumed" not in for_new_patients(told)


def test_what_holds_on_these_patients_may_be_undecided_on_new_ones() -> None:
    finding = finding_of(here(0.2**2, 0.0))
    assert finding.verdict == "contradicted"
    assert finding.new_patients is not None and finding.new_patients.verdict == "undecided"
    assert all(part.new_patients and part.new_patients.verdict == "undecided" for part in finding.parts)
    entries = ledger([here(0.2**2, 0.0)], "transfusion")
    assert "(for new patients undecided)" in claims_latex(entries)
    assert "For new patients undecided +5.00 (" in render_claims(entries)


def test_without_resamples_a_table_says_how_to_ask_about_new_patients() -> None:
    finding = finding_of(here(0.0, 0.0))
    assert finding.verdict == "contradicted"
    asked = "for new patients not tested: the command of the table with --bootstrap 1000 tests it"
    assert for_new_patients(finding.new_patients) == asked
    assert {of_part(part) for part in finding.parts} == {""}  # the claim says it once


def test_nothing_is_said_of_new_patients_by_drawn_images_and_by_measures_that_are_no_scores() -> None:
    drawn = dataclasses.replace(here(0.02**2, 0.0), edition="phantom")
    measured = dataclasses.replace(here(0.0, 0.0), measured=dict.fromkeys(NETWORKS, "similarity"))
    assert finding_of(drawn).new_patients is finding_of(measured).new_patients is None


def test_why_too_few_patients_say_nothing_of_new_ones_is_told() -> None:
    part = PatientsDrawnAnew((), dict.fromkeys(NETWORKS, "the rarer class has 3 test patients"))
    finding = finding_of(dataclasses.replace(here(0.0, 0.0), parts=(part,)))
    told = finding.new_patients
    assert told is not None and told.verdict == "untested" and math.isnan(told.error)
    assert for_new_patients(told) == "for new patients not tested: the rarer class has 3 test patients"


def test_of_a_cell_whose_patients_are_not_known_nothing_is_said() -> None:
    known = patients_here(here(0.02**2, 0.0))
    assert known is not None
    assert known.variances(difference("transfer", "random", "CBR-Tiny")) is not None
    assert known.variances(difference("transfer", "random", "elsewhere")) is None
