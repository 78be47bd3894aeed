"""The ledger in Markdown, for a page of the project's site."""

from __future__ import annotations

import re
from collections.abc import Sequence

from experiments.ledger.ledger import Finding, LedgerEntry, Part
from experiments.ledger.words import WORDS, effect, effect_of, for_new_patients, lacking, of_part, shown, source_of

SIGNS = re.compile(r"([\\`*_\[\]<>|#])")
"""What Markdown would read as more than the sign itself."""


def claims_markdown(entries: Sequence[LedgerEntry]) -> str:
    """The claims of each paper under a heading of its own, each with the verdict of each source and of each part."""
    texts = []
    for paper in dict.fromkeys(entry.paper for entry in entries):
        texts.append(f"## {plain(paper.capitalize())}\n")
        texts += [_entry(entry) for entry in entries if entry.paper == paper]
    return "\n".join(texts)


def plain(text: str) -> str:
    """Text as it stands, on one line, with the signs of Markdown escaped."""
    return SIGNS.sub(r"\\\1", " ".join(text.split()))


def _entry(entry: LedgerEntry) -> str:
    claim = entry.claim
    lines = [
        f"### {plain(claim.sentence)}",
        "",
        f"`{entry.name}`, {plain(claim.where)}. Margin: {claim.margin:g} ({plain(claim.margin_from)}).",
        "",
    ]
    for finding in entry.findings:
        lines += [f"**{plain(finding.kind.capitalize())}: {_verdict(finding)}.** {plain(source_of(finding))}.", ""]
        lines += _parts(finding)
    lines += [text for sentence in lacking(entry) for text in (f"{plain(sentence[:1].upper() + sentence[1:])}.", "")]
    return "\n".join(lines)


def _verdict(finding: Finding) -> str:
    alone = f" (without correction: {WORDS[finding.alone]})" if finding.alone != finding.verdict else ""
    patients = for_new_patients(finding.new_patients)
    of_new = f"; {plain(patients)}" if patients else ""
    return f"{WORDS[finding.verdict]}{alone}, {plain(effect(finding.evidence))}{of_new}"


def _parts(finding: Finding) -> list[str]:
    parts = shown(finding)
    if not parts:
        return []
    told = [f"| {plain(part.name)} | {plain(effect_of(part))} | {plain(_told(part))} |" for part in parts]
    return ["| part | effect | verdict |", "| --- | --- | --- |", *told, ""]


def _told(part: Part) -> str:
    """The verdict on a part, with what is said of new patients."""
    patients = of_part(part)
    return WORDS[part.verdict] + (f"; {patients}" if patients else "")
