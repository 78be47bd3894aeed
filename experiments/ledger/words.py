"""The words for verdicts and effects of claims."""

from __future__ import annotations

import math
from collections.abc import Mapping

from analysis.hypothesis import Evidence, Verdict
from experiments.ledger.ledger import LedgerEntry, Part

WORDS: Mapping[Verdict, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "negligible": "shown negligible",
    "undecided": "undecided",
    "untested": "not tested",
}
"""The words that people read for verdicts."""


def effect(evidence: Evidence) -> str:
    """An effect in words, with its 95 % interval, as in ``+1.04 (+0.75 to +1.33)``, or why there is none."""
    parts = [_signed(evidence.estimate)] if math.isfinite(evidence.estimate) else []
    if evidence.interval is not None:
        parts = [f"{parts[0]} ({_signed(evidence.interval[0])} to {_signed(evidence.interval[1])})"]
    return ", ".join([*parts, *([evidence.lacking] if evidence.lacking else [])])


def _signed(value: float) -> str:
    """A number with its sign and two decimals, or with one digit that is not 0 where it is closer to 0 than these."""
    return f"{value:+.2f}" if value == 0 or abs(value) >= 0.005 else f"{value:+.1g}"


def by_test_set(part: Part) -> str:
    """How far another test set of the paper's size moves a score, in brackets; empty where it is not known."""
    if part.of_test_set is None:
        return ""
    return f" (new patients alone move each score by {part.of_test_set:.2f}, one standard error)"


def lacking(entry: LedgerEntry) -> list[str]:
    """Sentences on what is not tested of a claim, and why, or the command that makes the runs."""
    kinds = {finding.kind for finding in entry.findings}
    claim, found = entry.claim, []
    if "as printed" not in kinds and claim.beyond:
        found.append(f"as printed: not tested, since {claim.beyond}")
    if "here" not in kinds and claim.readings:
        named = dict.fromkeys(one.table.replace("_", "-") for one in claim.readings if one.source != "as printed")
        tables = " or ".join(f"medtransfer table {name}" for name in named)
        found.append(f"here: not tested; {tables} makes the runs")
    return found
