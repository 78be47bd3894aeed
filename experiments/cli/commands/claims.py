"""The claims of both papers, each with a verdict from the printed numbers and from the finished tables here.

  medtransfer claims
  medtransfer claims --paper benchmark --tables tables

A claim is supported, contradicted, shown negligible (its effect lies within the margin) or undecided; undecided says
the smallest effect that would have been seen. The level of 5 % is over all claims of a paper that the same kind of
source is asked about; the verdict without this correction stands beside where it differs. Drawn images say nothing of
medicine, and neither do runs on them.
"""

from __future__ import annotations

import argparse
import json
import math
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.cli.paths import FolderToRead

if TYPE_CHECKING:
    from analysis.hypothesis import Evidence
    from experiments.ledger.ledger import Finding, LedgerEntry

HELP = "judge the claims of both papers by printed numbers and finished tables"

WIDTH = 110
"""The characters in a line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer claims``."""
    parser.add_argument("--paper", metavar="NAME", help="the claims of one paper (default: all)")
    parser.add_argument(
        "--tables", type=FolderToRead(), metavar="DIR",
        help="the folder of finished tables, NAME.json (default: tables, if it is there)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def execute(options: argparse.Namespace) -> int:
    """Judge the claims and print the verdicts; returns the exit status."""
    from pathlib import Path

    from experiments.ledger.ledger import ledger, papers
    from experiments.reporting.formats.json_format import finished_tables
    from specs.errors import unknown

    folder = options.tables or Path("tables")
    documents = finished_tables((), folder) if options.tables or folder.is_dir() else []
    found = ledger(documents, options.paper)
    if not found:
        raise unknown("paper with claims", options.paper, papers())
    if options.json:
        print(json.dumps([one.to_json() for one in found], indent=1, allow_nan=False))
        return 0
    for paper in dict.fromkeys(one.paper for one in found):
        print(f"{paper}\n")
        for one in found:
            if one.paper == paper:
                print("\n".join([*lines(one), ""]))
    return 0


def lines(entry: LedgerEntry) -> Iterator[str]:
    """The lines of a claim: the sentence, then what each source says of it."""
    claim = entry.claim
    yield from _wrapped(f"{entry.name.removeprefix(f'{entry.paper}_')}: {claim.sentence} ({claim.where})", "  ")
    for finding in entry.findings:
        yield from _wrapped(f"{finding.kind}: {told(finding, entry)} [{finding.source}]", "      ")
    kinds = {finding.kind for finding in entry.findings}
    if "as printed" not in kinds and claim.beyond:
        yield from _wrapped(f"as printed: not tested, since {claim.beyond}", "      ")
    if "here" not in kinds and claim.readings:
        tables = " or ".join(f"medtransfer table {one.table.replace('_', '-')}" for one in claim.readings)
        yield from _wrapped(f"here: not tested; {tables} makes the runs", "      ")


def told(finding: Finding, entry: LedgerEntry) -> str:
    """What a source says of a claim, in words: the verdict, the effect with its interval, and the parts."""
    phantom = "on drawn images, which say nothing of medicine: " if finding.edition == "phantom" else ""
    alone = f" (without correction: {finding.alone})" if finding.alone != finding.verdict else ""
    text = f"{phantom}{word(finding.verdict)}{alone}; {effect(finding.evidence)}"
    if finding.verdict == "undecided" and finding.evidence.detectable is not None:
        text += f"; {finding.evidence.detectable:.2f} would have been seen in 80 % of cases"
    parts = [
        f"{part.name} {effect(part.evidence, short=True)} {word(part.verdict)}"
        for part in finding.parts
        if part.verdict != "untested"
    ]
    if parts:
        text += f"; {'; '.join(parts)}"
    return f"{text}; margin {entry.claim.margin:g}"


def word(verdict: str) -> str:
    """A verdict as it is printed."""
    return {"negligible": "shown negligible", "untested": "not tested"}.get(verdict, verdict)


def effect(evidence: Evidence, short: bool = False) -> str:
    """An effect in words, with its 95 % interval where there is one."""
    if evidence.lacking and not math.isfinite(evidence.estimate):
        return evidence.lacking
    text = f"{evidence.estimate:+.2f}"
    if evidence.interval is not None:
        text += f" ({evidence.interval[0]:+.2f} to {evidence.interval[1]:+.2f})"
    return text if short or not evidence.lacking else f"{text}, {evidence.lacking}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
