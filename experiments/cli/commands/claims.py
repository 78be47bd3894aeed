"""The claims of both papers, each with a verdict from the printed numbers and from the finished tables here.

  medtransfer claims
  medtransfer claims --paper benchmark --tables tables

A claim is supported, contradicted, shown negligible (its effect lies within the margin) or undecided; undecided says
the smallest effect that would have been seen. The level of 5 % is over all claims of a paper that the same kind of
source is asked about; the verdict without this correction stands beside where it differs. Drawn images say nothing of
medicine, and neither do runs on them. Planted worlds, the tables of `medtransfer demo`, in which it is known whether a
claim is true, test the verdicts themselves.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.cli.paths import FileToWrite, FolderToRead

if TYPE_CHECKING:
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
    parser.add_argument(
        "--report", type=FileToWrite(".html"), metavar="FILE", help="write a page with a tile for each claim"
    )
    parser.add_argument(
        "--latex", type=FileToWrite(".tex"), metavar="FILE", help="write a table of the claims for a paper's appendix"
    )
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def execute(options: argparse.Namespace) -> int:
    """Judge the claims and print the verdicts; returns the exit status."""
    from pathlib import Path

    from experiments.ledger.ledger import ledger, papers
    from experiments.reporting.formats.json_format import finished_tables
    from specs.errors import unknown

    folder = options.tables or Path("tables")
    documents = finished_tables((), folder) if options.tables or any(folder.glob("*.json")) else []
    found = ledger(documents, options.paper)
    if not found:
        raise unknown("paper with claims", options.paper, papers())
    if options.report or options.latex:
        from experiments.ledger.page import claims_latex, render_claims
        from specs.files import write_text

        for path, text in ((options.report, render_claims), (options.latex, claims_latex)):
            if path is not None:
                write_text(path, text(found))
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
    from experiments.ledger.words import by_worlds, in_worlds, lacking, truth

    claim, worlds = entry.claim, in_worlds(entry)
    yield from _wrapped(f"{entry.name.removeprefix(f'{entry.paper}_')}: {claim.sentence} ({claim.where})", "  ")
    for finding in entry.findings:
        if finding.holds is None:
            yield from _wrapped(f"{finding.kind}: {told(finding, entry)} [{finding.source}]", "      ")
    if worlds:
        yield from _wrapped(f"planted worlds, which test the verdicts and not medicine: {by_worlds(entry)}", "      ")
    for finding in worlds:
        yield from _wrapped(f"where it is {truth(finding)}: {told(finding, entry)} [{finding.source}]", "        ")
    for sentence in lacking(entry):
        yield from _wrapped(sentence, "      ")


def told(finding: Finding, entry: LedgerEntry) -> str:
    """What a source says of a claim, in words: the verdict, the effect with its interval, and the parts."""
    from experiments.ledger.words import WORDS, by_test_set, effect

    drawn = finding.edition == "phantom" and finding.holds is None
    phantom = "on drawn images, which say nothing of medicine: " if drawn else ""
    alone = f" (without correction: {WORDS[finding.alone]})" if finding.alone != finding.verdict else ""
    text = f"{phantom}{WORDS[finding.verdict]}{alone}; {effect(finding.evidence)}"
    if finding.verdict == "undecided" and finding.evidence.detectable is not None:
        text += f"; {finding.evidence.detectable:.2f} would have been seen in 80 % of cases"
    parts = [
        f"{part.name} {effect(part.evidence)} {WORDS[part.verdict]}{by_test_set(part)}"
        for part in finding.parts
        if part.verdict != "untested"
    ]
    if parts:
        text += f"; {'; '.join(parts)}"
    return f"{text}; margin {entry.claim.margin:g}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
