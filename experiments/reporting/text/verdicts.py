"""What was planted in a table and what its tests said of it, in words."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.truth import OF_STEPS, Claim, Judgement, Verdict, overall
from experiments.reporting.text.words import p_stated
from experiments.tables.document import TableDocument


@dataclass(frozen=True)
class Judged:
    """A claim in words.

    Attributes:
        verdict: of it.
        text: what is true.
        evidence: what the tests found.
    """

    verdict: Verdict
    text: str
    evidence: str


def verdict_of(document: TableDocument) -> Verdict | None:
    """What the tests said of all that was planted; None where nothing was."""
    return overall(document.judgements) if document.planted else None


def judged_claims(document: TableDocument) -> list[Judged]:
    """Each claim in words, with its verdict."""
    return [Judged(one.verdict, claim_text(one.claim), _evidence(document, one)) for one in document.judgements]


def claim_text(claim: Claim, better: str = "better", there: str = "is there") -> str:
    """``Source is better than Random``, and the margin where there is one.

    Args:
        claim: in words.
        better: what a higher number is called.
        there: what a row does that reaches the threshold.
    """
    unit = "step" if claim.kind in OF_STEPS else "point"
    size = f"{claim.margin:g} {unit}{'' if claim.margin == 1 else 's'}"
    told = {
        "better": f"is {better} than {claim.than}" + (f" by more than {size}" if claim.margin else ""),
        "no worse": f"is at most {size} worse than {claim.than}",
        "equal": f"equals {claim.than} within {size}",
        "not different": f"is {claim.than} once more, with other seeds",
        "sooner": f"{there} before {claim.than}" + (f" by more than {size}" if claim.margin else ""),
        "no later": f"{there} at most {size} after {claim.than}",
    }
    return f"{claim.row} {told[claim.kind]}"


def _evidence(document: TableDocument, judgement: Judgement) -> str:
    """Both rows' means, or their median steps, and the p-value of what is stated."""
    claim, (column, _) = judgement.claim, document.columns[0]
    p_value = judgement.p_against if judgement.verdict == "wrong" else judgement.p_for
    if claim.kind == "not different":
        p_value = judgement.p_against
    shown = []
    for row in (claim.row, claim.than):
        place = (row, column)
        if claim.kind in OF_STEPS:
            found = document.convergence.get(place)
            limit = "" if found is None or found.median.reached else "more than "
            shown.append("no runs" if found is None else f"{limit}{found.median.time:,.0f}")
        else:
            of = document.result(place)
            shown.append("no runs" if of is None else f"{100 * of.summary.mean:.2f}")
    unit = " steps" if claim.kind in OF_STEPS else ""
    return f"{shown[0]} beside {shown[1]}{unit}, {p_stated(p_value)}"


def planted_notes(document: TableDocument) -> list[str]:
    """The planted truth, its verdict and how it is found; empty where nothing was planted."""
    if document.planted is None:
        return []
    claims = "; ".join(f"{one.text}: {one.verdict} ({one.evidence})" for one in judged_claims(document))
    return [
        f"Planted: {document.planted.sentence} Found: {verdict_of(document)}. {claims}.",
        "Recovered: the tests state what was planted (t-tests, two one-sided t-tests for equality, permuted log-rank "
        f"tests for steps; {document.level:.2g} level, Holm over these claims). Wrong: they state the opposite. "
        "Undecided: neither. p is of the test that states what was planted, or, of runs of one and the same thing, a "
        "difference.",
    ]
