"""Compare a finished table with the numbers that a paper printed, cell by cell, and test its runs once more.

  medtransfer reproduce tables/benchmark-table-2.json
  medtransfer reproduce tables/benchmark-table-2.json --against before/benchmark-table-2.json --tolerance 0.5

A difference to the printed mean may be within the spread of the runs (theirs and yours, Welch's interval), or within
that of another test set of this size, or not. At most one in twenty tables that are reproduced in truth has any cell
that is called not reproduced. Then each run behind the table is verified, as `medtransfer verify` does. The exit status
is 5 if a cell is not reproduced, or a run differs from its record.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from experiments.cli.commands.options import add_paths, paths_of, tolerated
from experiments.cli.commands.verify import words as verified
from experiments.cli.paths import FileToRead
from specs.errors import RunError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.reproduction import Reported
    from experiments.checks.reproduction import ReproducedTable
    from experiments.tables.document import CellKey, TableDocument

HELP = "compare a finished table with printed numbers or another table, and verify its runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``medtransfer reproduce``."""
    parser.add_argument("table", type=FileToRead(), metavar="FILE", help="a finished table, such as tables/NAME.json")
    parser.add_argument(
        "--against", type=FileToRead(), metavar="FILE",
        help="the reference: another finished table, or a CSV file of printed numbers (default: those of the paper, "
        "for a table of its protocol on real images)",
    )  # fmt: skip
    parser.add_argument(
        "--tolerance", type=tolerated, default=0.0, metavar="POINTS",
        help="a difference of a cell that does not matter (default: 0)",
    )  # fmt: skip
    parser.add_argument("--without-runs", action="store_true", help="leave the runs behind the table unverified")
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    add_paths(parser)


def execute(options: argparse.Namespace) -> int:
    """Compare, verify and print; returns the exit status."""
    from experiments.checks.reproduction import reproduced
    from experiments.session.chosen_runs import table_of_runs

    document = table_of_runs(options.table, "so there is nothing to compare")
    source, reference = _reference(document, options.against)
    found = reproduced(document, reference, options.tolerance)
    if not options.json:
        print("\n".join([f"{document.title}, beside {source}", *lines(document, reference, found), overall(found)]))
    differing, verdicts = False, []
    if not options.without_runs:
        from experiments.checks.verification import verify

        where = paths_of(options)
        for key in dict.fromkeys(run.key for run in document.runs):
            verdicts.append(verify(key, where))
            differing |= bool(verdicts[-1].differences)
            if not options.json:
                print(verified(verdicts[-1]), flush=True)
    if options.json:
        plain = found.to_json() | {"reference": source, "runs": [one.to_json() for one in verdicts]}
        print(json.dumps(plain, indent=1, allow_nan=False))
    return RunError.exit_status if found.failed or differing else 0


def lines(document: TableDocument, reference: Mapping[CellKey, Reported], found: ReproducedTable) -> list[str]:
    """A line for each cell: the mean, the reported one, their difference and what explains it."""
    from statistics import mean

    from experiments.reporting.page.published import ELSEWHERE

    told = []
    for (row, column), one in found.cells.items():
        explained = "no spread is known" if one.by_runs is None else f"the runs explain up to {one.by_runs:.2f}"
        if one.by_test_set is not None:
            explained += f", another test set {one.by_test_set:.2f}"
        why = {
            "runs": "within the spread of runs",
            "test set": "within the spread of another test set",
            "not": "NOT REPRODUCED",
            "untold": "not judged",
        }[one.verdict]
        own, told_of = 100 * mean(document.cells[row, column].values), reference[row, column]
        where = f" {ELSEWHERE}" if told_of.other_images else ""
        told.append(
            f"{row} on {column}: {own:.2f}, reported {told_of.mean:.2f}{where}, {one.difference:+.2f} points: "
            f"{why} ({explained})"
        )
    return told


def overall(found: ReproducedTable) -> str:
    """The verdict on the whole table, in one sentence."""
    number = len(found.cells)
    lacking = f" {len(found.lacking)} more have no finished runs here." if found.lacking else ""
    if found.failed:
        return f"Not reproduced: {len(found.failed)} of {number} cells differ by more than is explained.{lacking}"
    verdicts = [one.verdict for one in found.cells.values()]
    untold = f", and {verdicts.count('untold')} could not be judged" if "untold" in verdicts else ""
    return (
        f"Nothing in {number} cells speaks against a reproduction: {verdicts.count('runs')} lie within the spread of "
        f"runs, {verdicts.count('test set')} within that of another test set{untold}.{lacking}"
    )


def _reference(document: TableDocument, against: Path | None) -> tuple[str, Mapping[CellKey, Reported]]:
    """What the table is compared with, in words and as numbers.

    Raises:
        UsageError: if no reference is named and there are no printed numbers of such a table.
        DataError: if the reference cannot be read.
    """
    from experiments.checks.reproduction import printed_reference, table_reference
    from experiments.reporting.page.published import printed_numbers, read_printed
    from experiments.session.chosen_runs import table_of_runs

    if against is not None:
        if against.suffix == ".json":
            other = table_of_runs(against, "so there is nothing to compare with")
            return f"the table {against.name}", table_reference(other)
        numbers = read_printed(against)
        return numbers.source, printed_reference(document, numbers)
    printed = printed_numbers(document.name)
    if printed is None or document.protocol != "paper" or document.edition != "real":
        why = (
            "no printed numbers of it are known"
            if printed is None
            else f"it is of the protocol {document.protocol} on {document.edition} images, and the printed numbers are "
            "of the paper's on real ones"
        )
        raise UsageError(
            f"{document.name}: {why}. Name a reference: --against FILE, such as the table of an earlier run."
        )
    return printed.source, printed_reference(document, printed)
