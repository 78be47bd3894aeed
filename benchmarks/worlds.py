"""How often is the instrument right? Planted worlds drawn anew, and the verdicts counted.

    python -m benchmarks.worlds --draws N [--worlds NAME ...] [--first K] [--file FILE] [--minutes M] [--json]

Each drawing of a world is a table like those of `make demo`, made in a run store of its own that is removed afterwards.
What its tests said, recovered, undecided or wrong, is appended to the file; a later start goes on from there, and
leaves out lines of other code: those whose runs, claims or level are not what they would be now. The shares are given
with Wilson's 95 % interval (Wilson 1927, https://doi.org/10.2307/2276774). Beside the tests of the tables, which are
held to what was planted, the decision of `medtransfer compare` is made of the same scores, with one look at a level of
5 % and a margin of one point, and it is counted how often it contradicts what was planted. It takes about half a minute
a drawing on two cores, so it is no part of `make bench`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis.decision import Rules, standing
from analysis.shares import wilson
from analysis.truth import overall
from benchmarks.journal import append, entries
from experiments.session.session import Session
from experiments.tables.document import TableDocument
from experiments.tables.named import table_named
from experiments.tables.table import Table
from specs.errors import UsageError, unknown
from specs.registry import TABLES
from specs.run import digest

PREFIX = "demo_"
VERDICTS = ("recovered", "undecided", "wrong")

Line = dict[str, Any]
"""Of the file: world, draw, asked, verdict, claims, rows (means in percent), scores of their runs, seconds, runs."""


def main() -> None:
    """Draw what is missing, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, required=True, metavar="N", help="drawings of each world")
    parser.add_argument("--worlds", nargs="+", default=worlds(), metavar="NAME", help="(default: all)")
    parser.add_argument("--first", type=int, default=1, metavar="K", help="number of the first drawing (default: 1)")
    parser.add_argument("--file", type=Path, default=Path("worlds.jsonl"), help="of verdicts (default: %(default)s)")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no drawing later than that")
    parser.add_argument("--json", action="store_true", help="print one object per world")
    options = parser.parse_args()
    if other := set(options.worlds) - set(worlds()):
        raise unknown("planted world", min(other), worlds())
    if options.draws < 1 or options.first < 0:
        raise UsageError(f"expected --draws from 1 and --first from 0, found {options.draws} and {options.first}.")
    until = time.monotonic() + 60 * options.minutes if options.minutes else None
    lines = counted(options.worlds, range(options.first, options.first + options.draws), options.file, until)
    found = list(lines)
    print(json.dumps(summary(found), indent=1) if options.json else as_text(found))


def worlds() -> list[str]:
    """The names of all worlds of the demo."""
    return [name.removeprefix(PREFIX) for name in TABLES.entries if name.startswith(PREFIX)]


def counted(names: Sequence[str], draws: Sequence[int], file: Path, until: float | None = None) -> Iterator[Line]:
    """The line of each drawing: read, or made and appended.

    Args:
        names: of the worlds.
        draws: which drawings of each.
        file: that lines are read from and appended to.
        until: a moment of ``time.monotonic`` after which none is made.
    """
    known = {(line["world"], line["draw"], line["asked"]): line for line in entries(file)}
    for draw in draws:
        for world in names:
            with tempfile.TemporaryDirectory(prefix="worlds-") as folder:
                session = Session(folder, wandb="disabled")
                name = f"{PREFIX}{world}(draw={draw})"
                asked = _asked(session, name)
                if line := known.get((world, draw, asked)):
                    yield line
                    continue
                if until is not None and time.monotonic() > until:
                    continue
                line = {"world": world, "draw": draw, "asked": asked} | drawn(session, name)
            append(file, line)
            yield line


def drawn(session: Session, name: str) -> Line:
    """Make a table, and say what its tests made of what was planted.

    Args:
        session: whose runs are done.
        name: of the table, with its arguments.
    """
    began = time.monotonic()
    made = session.make(name)
    if made.failures:
        raise RuntimeError(f"{name}: {made.failures[0]}")
    document = made.document
    assert isinstance(document, TableDocument)
    (column, _), *_ = document.columns
    means = {row: document.comparison.cells[row, column].summary.mean for row, _ in document.rows}
    scores = {row: document.cells[row, column].values for row, _ in document.rows}
    return {
        "verdict": overall(document.judgements),
        "claims": [
            {**dataclasses.asdict(one.claim), "verdict": one.verdict, "for": one.p_for, "against": one.p_against}
            for one in document.judgements
        ],
        "rows": {row: round(100 * mean, 2) for row, mean in means.items()},
        "scores": {row: [round(score, 6) for score in of] for row, of in scores.items()},
        "seconds": round(time.monotonic() - began, 1),
        "runs": len(made.runs),
    }


def summary(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Counts of each world and of all together, with the interval of the share of recovered ones."""
    names = list(dict.fromkeys(line["world"] for line in lines))
    found = []
    for name in [*names, "all"]:
        of = [line for line in lines if name in ("all", line["world"])]
        counts = {verdict: sum(line["verdict"] == verdict for line in of) for verdict in VERDICTS}
        intervals = {f"{verdict}_interval": wilson(count, len(of)) for verdict, count in counts.items()}
        highest = max((mean for line in of for mean in line["rows"].values()), default=None)
        seconds = sum(line["seconds"] for line in of) / max(len(of), 1)
        decided = [decision(line) for line in of if "scores" in line]
        settled, false = (sum(one[number] for one in decided) for number in (0, 1))
        decisions = {"made": len(decided), "settled": settled, "false": false}
        told = {"highest": highest, "seconds": seconds, "decisions": decisions}
        found.append({"name": name, "draws": len(of), **counts, **intervals, **told})
    return found


def decision(line: Line) -> tuple[bool, bool]:
    """Whether the decision settles a drawing, and whether it says something that contradicts what was planted.

    Of a row that is better than another one, that other one is no start. Rows that are equal within the margin, or one
    and the same, are not told apart: none of them is worse where another one is a start. What else is true is unknown.

    Args:
        line: with scores.
    """
    scores = line["scores"]
    rules = Rules(looks=(min(map(len, scores.values())),), steepness=0)
    found, false = standing(scores, list(scores), rules), False
    for claim in line["claims"]:
        row, than = claim["row"], claim["than"]
        if claim["kind"] == "better":
            false |= than in found.start
        elif claim["kind"] in ("equal", "not different"):
            false |= any(one in found.start and other in found.worse for one, other in ((row, than), (than, row)))
    return bool(found.start), false


def as_text(lines: Sequence[Line]) -> str:
    """The same as a table."""
    shown = [f"{'world':10}{'draws':>6}{'recovered':>11}{'undecided':>11}{'wrong':>7}  recovered, 95 %     wrong, 95 %"]
    shown[0] += "        highest row  s a draw  decided settled false"
    for one in summary(lines):
        right, wrong = ("{:5.1%} to {:6.1%}".format(*one[f"{name}_interval"]) for name in ("recovered", "wrong"))
        highest = "-" if one["highest"] is None else f"{one['highest']:.2f}"
        shown.append(
            f"{one['name']:10}{one['draws']:6}{one['recovered']:11}{one['undecided']:11}{one['wrong']:7}  {right:18}  "
            f"{wrong:18}{highest:>12}{one['seconds']:10.1f}"
            "  {made:7}{settled:8}{false:6}".format(**one["decisions"])
        )
    return "\n".join(shown)


def _asked(session: Session, name: str) -> str:
    """A digest of all that a drawing's verdict depends on: its runs, what is claimed, and the level."""
    table = table_named(name, None)
    assert isinstance(table, Table)
    assert table.planted is not None
    claims = [dataclasses.asdict(claim) for claim in table.planted.claims]
    return digest([sorted(session.plan(name).plan.runs), claims, table.level, table.threshold])[:16]


if __name__ == "__main__":
    main()
