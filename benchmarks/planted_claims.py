"""Is the ledger right where the truth is planted? Worlds are drawn many times, and verdicts on claims are counted.

    python -m benchmarks.planted_claims --draws N [--worlds NAME ...] [--first K] [--file FILE] [--minutes M] [--json]

Claims of papers that are read in planted worlds (`Claim.worlds`) are true in one and false in another one. Each drawing
of a world pretrains its sources, fine-tunes a few runs of each row that a claim names and of the random row, and has
the ledger judge all claims that are read there, as `medtransfer claims` does. The verdicts are appended to the file; a
later start goes on from there, and leaves out lines of other code, whose runs or claims are not what they would be now.
The shares are given with Wilson's 95 % interval (Wilson 1927, https://doi.org/10.2307/2276774). A drawing takes seconds
on two cores, and serves several claims; this is no part of `make bench`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache
from statistics import median
from typing import Any

from analysis.shares import wilson
from benchmarks.redrawing import PREFIX, Line, add_options, finished, redrawn, scores_of
from experiments.ledger.claim import PlantedReading
from experiments.ledger.ledger import LedgerEntry, ledger
from experiments.reporting.blocks.convergence import steps_of
from experiments.session.selecting import Selection
from experiments.session.session import Session
from experiments.tables.document import TableDocument
from experiments.tables.named import table_named
from experiments.tables.table import Table
from specs.run import digest

RUNS, RUNS_OF_STEPS = 3, 4
"""The runs of each row, and those in a world whose steps are counted: the fewest with which a permutation test can
support a claim. With 3, the smallest one-sided p-value is 1/20; with 4 it is 1/70."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the drawings that are missing, and print the counts; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, worlds(), "planted_claims.jsonl")
    options = parser.parse_args(arguments)
    lines = list(redrawn(options, worlds(), asked, drawn))
    print(json.dumps(summary(lines), indent=1) if options.json else as_text(lines))
    return 0


@cache
def claims() -> tuple[LedgerEntry, ...]:
    """The registered claims that are read in planted worlds."""
    return tuple(entry for entry in ledger(()) if entry.claim.worlds)


def worlds() -> list[str]:
    """The names of the worlds that claims are read in."""
    tables = {world.reading.table for entry in claims() for world in entry.claim.worlds}
    return sorted(table.replace("_", "-").removeprefix(PREFIX) for table in tables)


def registered(table: str) -> str:
    """The registered name of a world's table, which may be named with dashes and arguments."""
    return table.partition("(")[0].replace("-", "_")


def read_in(entry: LedgerEntry, table: str) -> list[PlantedReading]:
    """How a claim is read in a world's table."""
    return [world for world in entry.claim.worlds if world.reading.table == registered(table)]


def rows_of(table: str) -> Selection:
    """The rows of a world's table that claims name."""
    sums = [world.reading.whole for entry in claims() for world in read_in(entry, table)]
    return Selection(rows=tuple(dict.fromkeys(row for one in sums for row, _ in one.weights)))


def plan_of(name: str) -> dict[str, Any]:
    """The arguments of ``Session.make`` with which a world's table is made: its runs of each row, and its rows."""
    return {"seeds": RUNS if _table(name).threshold is None else RUNS_OF_STEPS, "selection": rows_of(name)}


def _table(name: str) -> Table:
    table = table_named(name, None)
    assert isinstance(table, Table)
    return table


def asked(session: Session, name: str) -> str:
    """A digest of everything that a drawing's verdicts depend on: its runs, its claims and the threshold of steps."""
    read = [entry.to_json() for entry in claims() if read_in(entry, name)]
    told = [
        {
            "name": one["name"],
            **{key: one["claim"][key] for key in ("kind", "margin")},
            "worlds": [world for world in one["claim"]["worlds"] if world["reading"]["table"] == registered(name)],
        }
        for one in read
    ]
    runs = sorted(session.plan(name, **plan_of(name)).plan.runs)
    return digest([runs, told, _table(name).threshold])[:16]


def drawn(session: Session, name: str) -> Line:
    """Make a world's table, and return the line with the ledger's verdicts on the claims that are read there.

    Args:
        session: the session that does the runs.
        name: the name of the table, with its arguments.
    """
    began = time.monotonic()
    made = session.make(name, **plan_of(name))
    document = finished(name, made)
    (column, _), *_ = document.columns
    steps = {row: [[one.time, one.reached] for one in steps_of(document, (row, column))] for row, _ in document.rows}
    return {
        "claims": judged(document),
        "scores": scores_of(document),
        "steps": {row: of for row, of in steps.items() if of},
        "seconds": round(time.monotonic() - began, 1),
        "runs": len(made.runs),
    }


def judged(document: TableDocument) -> list[dict[str, Any]]:
    """What the ledger says of each claim that is read in the finished table of a planted world, as plain data."""
    kept = ("holds", "verdict", "alone", "evidence")
    return [
        {"claim": entry.name, **{key: finding[key] for key in kept}, "right": one.right}
        for entry in ledger([document])
        for finding, one in zip(entry.to_json()["findings"], entry.findings, strict=True)
        if one.holds is not None
    ]


def summary(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The counts of each claim: the verdicts where it is true and where it is false, and how often both are right."""
    summaries = []
    for entry in claims():
        told: dict[str, Any] = {"name": entry.name}
        right: Counter[int] = Counter()
        for holds in (True, False):
            found = _found(lines, entry.name, holds)
            right.update(draw for draw, of in found.items() if of["right"])
            supported = sum(of["verdict"] == "supported" for of in found.values())
            told["true" if holds else "false"] = {
                "world": ", ".join(sorted(_names(entry, holds))),
                "draws": len(found),
                "supported": supported,
                "interval": wilson(supported, len(found)),
                "verdicts": dict(Counter(of["verdict"] for of in found.values()).most_common()),
            }
        told["both"] = sum(times == 2 for times in right.values())
        summaries.append(told)
    return summaries


def _names(entry: LedgerEntry, holds: bool) -> set[str]:
    tables = {world.reading.table for world in entry.claim.worlds if world.holds is holds}
    return {table.replace("_", "-").removeprefix(PREFIX) for table in tables}


def _found(lines: Sequence[Line], claim: str, holds: bool) -> dict[int, dict[str, Any]]:
    """What was found of a claim where it is true or false, by the number of the drawing."""
    return {
        line["draw"]: of for line in lines for of in line["claims"] if of["claim"] == claim and of["holds"] is holds
    }


def as_text(lines: Sequence[Line]) -> str:
    """The counts as a table of text, and how long a drawing of each world took."""
    shown = [f"{'claim':40}  {'':12}  {'draws':>5}  supported, 95 %           verdicts"]
    for told in summary(lines):
        for number, truth in enumerate(("true", "false")):
            of = told[truth]
            low, high = of["interval"]
            verdicts = ", ".join(f"{verdict} {count}" for verdict, count in of["verdicts"].items())
            shown.append(
                f"{'' if number else told['name']:40}  {truth:5} in {of['world']}".ljust(62)
                + f"{of['draws']:>5}  {of['supported']:>3}: {low:6.1%} to {high:6.1%}  {verdicts}"
            )
        shown.append(f"{'':40}  right in both worlds: {told['both']}")
    for world in dict.fromkeys(line["world"] for line in lines):
        of_world = [line for line in lines if line["world"] == world]
        seconds, serving = [line["seconds"] for line in of_world], len(of_world[0]["claims"])
        shown.append(
            f"{world}: {median(seconds):.1f} s a drawing (median of {len(seconds)}), {of_world[0]['runs']} runs, "
            f"{serving} verdicts"
        )
    return "\n".join(shown)


if __name__ == "__main__":
    sys.exit(main())
