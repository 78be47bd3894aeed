"""The claims of both papers, each with a verdict from the printed numbers and from the finished tables here.

  medtransfer claims
  medtransfer claims --paper benchmark --tables tables
  medtransfer claims --elsewhere DIR

A claim is supported, contradicted, shown negligible (its effect lies within the margin) or undecided; undecided says
the smallest effect that would have been seen. The level of 5 % is over all claims of a paper that the same kind of
source is asked about; the verdict without this correction stands beside where it differs. Drawn images say nothing of
medicine, and neither do runs on them. Finished work of other people is a source of its own, with its licence; what may
not be shipped is read from where you put it. Planted worlds, the tables of `medtransfer demo`, in which it is known
whether a claim is true, test the verdicts themselves.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_data_root
from experiments.cli.paths import FileToWrite, FolderToRead

if TYPE_CHECKING:
    from experiments.ledger.ledger import Finding, LedgerEntry, Part
    from experiments.tables.document import TableDocument

HELP = "judge the claims of both papers by printed numbers and finished tables"

WIDTH = 110
"""The characters in a line."""

WORLDS = "worlds"
"""The folder of others' finished work below the root of data."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer claims``."""
    parser.add_argument("--paper", metavar="NAME", help="the claims of one paper (default: all)")
    parser.add_argument(
        "--tables", type=FolderToRead(), metavar="DIR",
        help="the folder of finished tables, NAME.json (default: tables, if it is there)",
    )  # fmt: skip
    parser.add_argument(
        "--elsewhere", type=FolderToRead(), metavar="DIR",
        help="the folder of others' finished work, such as sources.csv.gz (default: worlds in --data-root)",
    )  # fmt: skip
    add_data_root(parser)
    parser.add_argument(
        "--report", type=FileToWrite(".html"), metavar="FILE", help="write a page with a tile for each claim"
    )
    parser.add_argument(
        "--latex", type=FileToWrite(".tex"), metavar="FILE", help="write a table of the claims for a paper's appendix"
    )
    parser.add_argument("--json", action="store_true", help="print plain data for programs")


def execute(options: argparse.Namespace) -> int:
    """Judge the claims and print the verdicts; returns the exit status."""
    from experiments.ledger.ledger import ledger, papers
    from specs.errors import unknown

    found = ledger(_tables(options), options.paper, options.elsewhere or options.data_root / WORLDS)
    if not found:
        raise unknown("paper with claims", options.paper, papers())
    if options.elsewhere:
        _check_read(found, options.elsewhere)
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


def _tables(options: argparse.Namespace) -> list[TableDocument]:
    """The finished tables; the code that reads them is imported only where there are any."""
    folder = options.tables or Path("tables")
    if not options.tables and not any(folder.glob("*.json")):
        return []
    from experiments.reporting.formats.json_format import finished_tables

    return finished_tables((), folder)


def _check_read(found: Sequence[LedgerEntry], folder: Path) -> None:
    """Refuse a folder of others' work that was named and holds none of the files that the claims ask for.

    Raises:
        DataError: names the files.
    """
    from specs.errors import DataError

    works = [reading.others for one in found for reading in one.claim.readings if reading.others]
    wanted = dict.fromkeys(work.wanted for work in works if work.wanted)
    if wanted and set(wanted) == {file for one in found for file in one.unread}:
        raise DataError(
            f"{folder}: expected finished work of others, {' or '.join(wanted)}, found no such file. Name the folder "
            "that holds it, or leave --elsewhere out."
        )


def lines(entry: LedgerEntry) -> Iterator[str]:
    """The lines of a claim: the sentence, then what each source says of it."""
    from experiments.ledger.words import by_worlds, in_worlds, lacking, source_of, truth

    claim, worlds = entry.claim, in_worlds(entry)
    yield from _wrapped(f"{entry.name.removeprefix(f'{entry.paper}_')}: {claim.sentence} ({claim.where})", "  ")
    for finding in entry.findings:
        if finding.holds is None:
            remarks = "".join(f"; {remark}" for remark in finding.remarks)
            yield from _wrapped(f"{finding.kind}: {told(finding, entry)} [{source_of(finding)}{remarks}]", "      ")
    if worlds:
        yield from _wrapped(f"planted worlds, which test the verdicts and not medicine: {by_worlds(entry)}", "      ")
    for finding in worlds:
        yield from _wrapped(f"where it is {truth(finding)}: {told(finding, entry)} [{finding.source}]", "        ")
    for sentence in lacking(entry):
        yield from _wrapped(sentence, "      ")


def told(finding: Finding, entry: LedgerEntry) -> str:
    """What a source says of a claim, in words: the verdict, the effect with its interval, and the parts."""
    from experiments.ledger.words import WORDS, effect, for_new_patients, shown

    drawn = finding.edition == "phantom" and finding.holds is None
    phantom = "on drawn images, which say nothing of medicine: " if drawn else ""
    alone = f" (without correction: {WORDS[finding.alone]})" if finding.alone != finding.verdict else ""
    asked = f"{finding.asked} " if finding.kind == "elsewhere" else ""
    text = f"{phantom}{WORDS[finding.verdict]}{alone}; {asked}{effect(finding.evidence)}"
    if finding.verdict == "undecided" and finding.evidence.detectable is not None:
        text += f"; {finding.evidence.detectable:.2f} would have been seen in 80 % of cases"
    if patients := for_new_patients(finding.new_patients):
        text += f"; {patients}"
    if parts := shown(finding):
        text += f"; {'; '.join(map(_told_part, parts))}"
    return f"{text}; margin {entry.claim.margin:g}"


def _told_part(part: Part) -> str:
    """What a source says of a part of a claim; an effect without a verdict stands alone."""
    from experiments.ledger.words import WORDS, effect_of, of_part

    if part.verdict == "untested":
        return f"{part.name} {effect_of(part)}"
    patients = of_part(part)
    return f"{part.name} {effect_of(part)} {WORDS[part.verdict]}{f' ({patients})' if patients else ''}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
