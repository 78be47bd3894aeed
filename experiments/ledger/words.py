"""The words for verdicts, effects and sources of claims."""

from __future__ import annotations

import math
from collections.abc import Mapping

from analysis.hypothesis import Evidence, Verdict
from analysis.outperformance import CORRELATIONS
from experiments.ledger.evidence_of import ALONE
from experiments.ledger.ledger import Finding, LedgerEntry, Part
from experiments.ledger.new_patients import NewPatients

WORDS: Mapping[Verdict, str] = {
    "supported": "supported",
    "contradicted": "contradicted",
    "negligible": "shown negligible",
    "undecided": "undecided",
    "untested": "not tested",
}
"""The words that people read for verdicts."""

ASSUMED = f"{CORRELATIONS[0]:g} to {CORRELATIONS[1]:g}"
"""The span of correlations between two scores on the same images that is assumed."""

MAKING = "medtransfer table"
"""The command that makes a table, or several."""


def effect(evidence: Evidence) -> str:
    """An effect in words, with its 95 % interval, as in ``+1.04 (+0.75 to +1.33)``, or why there is none."""
    parts = [_signed(evidence.estimate)] if math.isfinite(evidence.estimate) else []
    if evidence.interval is not None:
        parts = [f"{parts[0]} ({_signed(evidence.interval[0])} to {_signed(evidence.interval[1])})"]
    return ", ".join([*parts, *([evidence.lacking] if evidence.lacking else [])])


def _signed(value: float) -> str:
    """A number with its sign and two decimals, or with one digit that is not 0 where it is closer to 0 than these."""
    return f"{value:+.2f}" if value == 0 or abs(value) >= 0.005 else f"{value:+.1g}"


def shown(finding: Finding) -> list[Part]:
    """The parts that readers are shown: those with a verdict and, of others' work, those with an effect alone too."""
    others = finding.kind == "elsewhere"
    return [
        part
        for part in finding.parts
        if part.verdict != "untested" or (others and math.isfinite(part.evidence.estimate))
    ]


def effect_of(part: Part) -> str:
    """The effect of a part in words; of one task of others' work, the effect alone."""
    return _signed(part.evidence.estimate) if part.evidence.lacking == ALONE else effect(part.evidence)


def source_of(finding: Finding) -> str:
    """Where the numbers of a finding are from; of others' work, with its licence."""
    licence = [f"licence: {finding.licence}"] if finding.licence else []
    return "; ".join([finding.source, *licence])


def for_new_patients(told: NewPatients | None) -> str:
    """What a claim says of new patients, in words; empty where it is not known who was tested."""
    if told is None:
        return ""
    if told.verdict == "untested":
        return f"for new patients {WORDS[told.verdict]}: {told.evidence.lacking}"
    chance = ""
    if told.chance is not None:
        low, high = (f"{100 * share:.1f}" for share in told.chance)
        chance = f"; that the lower score is as good or better there has a probability of {low} to {high} %"
    assumed = f"; assumed: scores on the same images correlate by {ASSUMED}" if told.assumed else ""
    interval = "" if told.evidence.interval is None or told.assumed else f" {effect(told.evidence)}"
    return (
        f"for new patients {WORDS[told.verdict]}{interval}: they alone move a score by up to {told.error:.2f}, one "
        f"standard error{chance}{assumed}"
    )


def of_part(part: Part) -> str:
    """What a part of a claim says of new patients, in words; empty where nothing is tested, as the claim says why."""
    told = part.new_patients
    return "" if told is None or told.verdict == "untested" else for_new_patients(told)


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
    if "elsewhere" not in kinds and claim.not_elsewhere:
        found.append(f"elsewhere: not tested, since {claim.not_elsewhere}")
    found += [f"elsewhere: not read; put {file} into a folder and name it by --elsewhere" for file in entry.unread]
    tables = dict.fromkeys(one.table.replace("_", "-") for one in claim.readings if one.source in (None, "here"))
    if "here" not in kinds and tables:
        told = " or ".join(f"{MAKING} {name}" for name in tables)
        found.append(f"here: not tested; {told} makes the runs")
    made = {finding.source.partition(",")[0] for finding in in_worlds(entry)}
    names = dict.fromkeys(world.reading.table.replace("_", "-") for world in claim.worlds)
    if missing := [name for name in names if name not in made]:
        command = f"{MAKING} {' '.join(missing)}"
        found.append(f"planted worlds: not tested in {' and '.join(missing)}; {command} makes the runs")
    return found
