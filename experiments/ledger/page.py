"""The ledger as a page, with a tile for each claim, and as a table in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.hypothesis import Evidence
from experiments.ledger.claim import Claim
from experiments.ledger.ledger import Finding, LedgerEntry
from experiments.ledger.words import (
    WORDS,
    by_worlds,
    effect,
    effect_of,
    for_new_patients,
    in_worlds,
    lacking,
    of_part,
    source_of,
    truth,
)
from experiments.reporting.formats.latex_table import NEEDS, Column, LatexTable, escape
from experiments.reporting.page.page import own, template

TITLE = "The claims, and what speaks for them"

WIDTH = 240.0
"""The width of the picture of an effect, in its own units."""


@dataclass(frozen=True)
class Picture:
    """Where the marks of an effect stand from left to right, in units of the picture.

    Attributes:
        zero: the place of no effect.
        band: the left edge and the width of the margin on both sides of it.
        low: the lower end of the interval.
        high: the upper end of the interval.
        point: the place of the estimate.
    """

    zero: float
    band: tuple[float, float]
    low: float
    high: float
    point: float


def render_claims(entries: Sequence[LedgerEntry]) -> str:
    """The HTML of the page; the same entries give the same bytes."""
    papers = dict.fromkeys(entry.paper for entry in entries)
    tiles = [(paper.capitalize(), [_tile(one) for one in entries if one.paper == paper]) for paper in papers]
    return template("claims.html.j2").render(title=TITLE, css=own("page.css"), papers=tiles)


def claims_latex(entries: Sequence[LedgerEntry]) -> str:
    """The claims with the verdicts of all kinds of sources as a table in LaTeX, labelled ``tab:claims``.

    Others' work is cited with its licence below the table. Whether the verdicts are right in planted worlds is a column
    where a table of such a world is there.
    """
    cited = dict.fromkeys(
        f"{one.source} (licence: {one.licence})" for entry in entries for one in entry.findings if one.licence
    )
    kinds = ["as printed", "elsewhere", "here", *(["planted worlds"] if any(map(in_worlds, entries)) else [])]
    columns = (
        Column("where", tuple(escape(one.claim.where) for one in entries), wordy=True),
        *(Column(kind, tuple(escape(_told(one, kind)) for one in entries), wordy=True) for kind in kinds),
    )
    table = LatexTable(
        caption=TITLE,
        corner="claim",
        names=tuple(one.name.removeprefix(f"{one.paper}_").replace("_", " ") for one in entries),
        columns=columns,
        notes=(
            "Effects with 95 % intervals. The level of 5 % is over all claims of a paper in a column.",
            *(f"Elsewhere: {one}." for one in cited),
        ),
    )
    return f"{NEEDS}\n{table.text('claims')}"


def _told(entry: LedgerEntry, kind: str) -> str:
    if kind == "planted worlds":
        return by_worlds(entry) or "-"
    found = [one for one in entry.findings if one.kind == kind]
    return "; ".join(map(_verdict, found)) or "not tested"


def _verdict(finding: Finding) -> str:
    """The verdict on a claim with its effect, and the verdict for new patients where there is one."""
    told = finding.new_patients
    of_new = f" (for new patients {WORDS[told.verdict]})" if told else ""
    return f"{WORDS[finding.verdict]}: {effect(finding.evidence)}{of_new}"


def _tile(entry: LedgerEntry) -> dict[str, Any]:
    claim = entry.claim
    others = [one for one in entry.findings if one.holds is None]
    return {
        "name": entry.name,
        "sentence": claim.sentence,
        "where": claim.where,
        "margin": f"{claim.margin:g} ({claim.margin_from})",
        "sources": [_source(one, claim) for one in [*others, *in_worlds(entry)]],
        "worlds": by_worlds(entry),
        "lacking": lacking(entry),
    }


def _source(finding: Finding, claim: Claim) -> dict[str, Any]:
    return {
        "kind": finding.kind if finding.holds is None else f"planted world in which it is {truth(finding)}",
        "verdict": finding.verdict,
        "word": WORDS[finding.verdict],
        "alone": WORDS[finding.alone] if finding.alone != finding.verdict else "",
        "effect": effect(finding.evidence),
        "picture": picture(finding.evidence, claim.margin),
        "phantom": finding.edition == "phantom" and finding.holds is None,
        "source": source_of(finding),
        "patients": for_new_patients(finding.new_patients),
        "remarks": finding.remarks,
        "asked": finding.asked if finding.kind == "elsewhere" else "",
        "parts": [
            {
                "name": one.name,
                "effect": effect_of(one),
                "verdict": one.verdict,
                "word": WORDS[one.verdict],
                "patients": of_part(one),
            }
            for one in finding.parts
        ],
    }


def picture(evidence: Evidence, margin: float) -> Picture | None:
    """The places of an effect's marks, with no effect in the middle; None without an interval."""
    if evidence.interval is None:
        return None
    low, high = evidence.interval
    farthest = 1.1 * max(abs(low), abs(high), margin)

    def place(value: float) -> float:
        return round(WIDTH / 2 * (1 + value / farthest), 1)

    band = (place(-margin), round(place(margin) - place(-margin), 1))
    return Picture(place(0.0), band, place(low), place(high), place(evidence.estimate))
