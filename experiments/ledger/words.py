"""The words for verdicts and effects of claims."""

from __future__ import annotations

import math
from collections.abc import Mapping

from analysis.hypothesis import Evidence, Verdict
from experiments.ledger.ledger import Finding, LedgerEntry, Part

WORDS: Mapping[Verdict, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "negligible": "shown negligible",
    "undecided": "undecided",
    "untested": "not tested",
}
"""The words that people read for verdicts."""

MAKING = "medtransfer table"
"""The command that makes a table, or several."""


def effect(evidence: Evidence) -> str:
    """An effect in words, with its 95 % interval, as in ``+1.04 (+0.75 to +1.33)``, or why there is none."""
    parts = [f"{evidence.estimate:+.2f}"] if math.isfinite(evidence.estimate) else []
    if evidence.interval is not None:
        parts = [f"{parts[0]} ({evidence.interval[0]:+.2f} to {evidence.interval[1]:+.2f})"]
    return ", ".join([*parts, *([evidence.lacking] if evidence.lacking else [])])


def by_test_set(part: Part) -> str:
    """How far another test set of the paper's size moves a score, in brackets; empty where it is not known."""
    if part.of_test_set is None:
        return ""
    return f" (new patients alone move each score by {part.of_test_set:.2f}, one standard error)"


def in_worlds(entry: LedgerEntry) -> list[Finding]:
    """What planted worlds say of a claim, those first in which it is true."""
    return sorted((one for one in entry.findings if one.holds is not None), key=lambda one: not one.holds)


def by_worlds(entry: LedgerEntry) -> str:
    """Whether the verdicts on a claim are right in planted worlds; empty where it is read in none that is here.

    As in ``supported where it is true, undecided where it is false: right in both``.
    """
    found = in_worlds(entry)
    if not found:
        return ""
    told = [f"{WORDS[one.verdict]} where it is {truth(one)}" for one in found]
    right = sum(one.right for one in found)
    return f"{', '.join(told)}: right in {'both' if right == len(found) == 2 else f'{right} of {len(found)}'}"


def truth(finding: Finding) -> str:
    """Whether a claim is ``true`` or ``false`` in a planted world, in a word."""
    return "true" if finding.holds else "false"


def lacking(entry: LedgerEntry) -> list[str]:
    """Sentences on what is not tested of a claim, and why, or the command that makes the runs."""
    kinds = {finding.kind for finding in entry.findings}
    claim, found = entry.claim, []
    if "as printed" not in kinds and claim.beyond:
        found.append(f"as printed: not tested, since {claim.beyond}")
    if "here" not in kinds and claim.readings:
        named = dict.fromkeys(one.table.replace("_", "-") for one in claim.readings if one.source != "as printed")
        tables = " or ".join(f"{MAKING} {name}" for name in named)
        found.append(f"here: not tested; {tables} makes the runs")
    made = {finding.source.partition(",")[0] for finding in in_worlds(entry)}
    names = dict.fromkeys(world.reading.table.replace("_", "-") for world in claim.worlds)
    if missing := [name for name in names if name not in made]:
        command = f"{MAKING} {' '.join(missing)}"
        found.append(f"planted worlds: not tested in {' and '.join(missing)}; {command} makes the runs")
    return found
