"""How often is the instrument right? Planted worlds are drawn many times, and the verdicts are counted.

    python -m benchmarks.worlds --draws N [--worlds NAME ...] [--first K] [--file FILE] [--minutes M] [--json]

Each drawing of a world is a table like those of `make demo`, made in a run store of its own that is removed afterwards.
The verdict of its tests (recovered, undecided or wrong) is appended to the file; a later start goes on from there, and
leaves out lines of other code, whose runs, claims or level are not what they would be now. The shares are given with
Wilson's 95 % interval (Wilson 1927, https://doi.org/10.2307/2276774). Beside the tests of the tables, which are
compared with what was planted, the decision of `medtransfer compare` is made from the same scores, with one look at a
level of 5 % and a margin of one point, and it is counted how often it contradicts what was planted. A drawing takes
about half a minute on two cores, so this is no part of `make bench`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis.decision import Rules, standing
from analysis.shares import wilson
from analysis.truth import overall
from benchmarks import redrawing
from benchmarks.redrawing import PREFIX, Line, add_options, finished, redrawn, scores_of
from experiments.reporting.blocks.planted import judgements
from experiments.session.session import Session
from experiments.tables.named import planted_worlds, table_named
from experiments.tables.table import Table
from specs.run import digest

VERDICTS = ("recovered", "undecided", "wrong")


def main() -> None:
    """Make the drawings that are missing, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, worlds(), "worlds.jsonl")
    options = parser.parse_args()
    counted_lines = list(redrawn(options, worlds(), _asked, drawn))
    print(json.dumps(summary(counted_lines), indent=1) if options.json else as_text(counted_lines))


def worlds() -> list[str]:
    """The names of all worlds of the demo."""
    return [name.removeprefix(PREFIX) for name in planted_worlds()]


def counted(names: Sequence[str], draws: Sequence[int], file: Path, until: float | None = None) -> Iterator[Line]:
    """The line of each drawing, which is read from the file, or made and appended to it.

    Args:
        names: the names of the worlds.
        draws: the numbers of the drawings of each world.
        file: the file that lines are read from and appended to.
        until: the moment of ``time.monotonic`` after which no drawing is begun; None: no limit.
    """
    return redrawing.counted(names, draws, file, _asked, drawn, until)


def drawn(session: Session, name: str) -> Line:
    """Make a table, and return the line with the verdict of its tests on what was planted.

    The line has the verdict, the claims, the rows with their means in percent, the scores of runs, seconds and runs.

    Args:
        session: the session that does the runs.
        name: the name of the table, with its arguments.
    """
    began = time.monotonic()
    made = session.make(name)
    document = finished(name, made)
    (column, _), *_ = document.columns
    means = {row: document.comparison.cells[row, column].summary.mean for row, _ in document.rows}
    return {
        "verdict": overall(judgements(document)),
        "claims": [
            {
                **dataclasses.asdict(judgement.claim),
                "verdict": judgement.verdict,
                "for": judgement.p_for,
                "against": judgement.p_against,
            }
            for judgement in judgements(document)
        ],
        "rows": {row: round(100 * mean, 2) for row, mean in means.items()},
        "scores": scores_of(document),
        "seconds": round(time.monotonic() - began, 1),
        "runs": len(made.runs),
    }


def summary(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The counts of each world and of all together, with the intervals of the shares of all verdicts."""
    names = list(dict.fromkeys(line["world"] for line in lines))
    summaries = []
    for name in [*names, "all"]:
        lines_of_world = [line for line in lines if name in ("all", line["world"])]
        counts = {verdict: sum(line["verdict"] == verdict for line in lines_of_world) for verdict in VERDICTS}
        intervals = {f"{verdict}_interval": wilson(count, len(lines_of_world)) for verdict, count in counts.items()}
        highest = max((mean for line in lines_of_world for mean in line["rows"].values()), default=None)
        seconds = sum(line["seconds"] for line in lines_of_world) / max(len(lines_of_world), 1)
        decided = [decision(line) for line in lines_of_world if "scores" in line]
        settled, false = (sum(claims[number] for claims in decided) for number in (0, 1))
        decisions = {"made": len(decided), "settled": settled, "false": false}
        told = {"highest": highest, "seconds": seconds, "decisions": decisions}
        summaries.append({"name": name, "draws": len(lines_of_world), **counts, **intervals, **told})
    return summaries


def decision(line: Line) -> tuple[bool, bool]:
    """Whether the decision settles a drawing, and whether it contradicts what was planted.

    It contradicts if one may start from a row that another row is better than by construction; or if, of two rows that
    are equal within the margin or the same, one may start from one and the other is claimed to be worse. Nothing else
    is known to be true or false.

    Args:
        line: a line of the file that has scores.
    """
    scores = line["scores"]
    rules = Rules(looks=(min(map(len, scores.values())),), steepness=0)
    result, false = standing(scores, list(scores), rules), False
    for claim in line["claims"]:
        row, than = claim["row"], claim["than"]
        if claim["kind"] == "better":
            false |= than in result.start
        elif claim["kind"] in ("equal", "not different"):
            false |= any(
                start_row in result.start and other in result.worse for start_row, other in ((row, than), (than, row))
            )
    return bool(result.start), false


def as_text(lines: Sequence[Line]) -> str:
    """The counts as a table of text."""
    shown = [f"{'world':10}{'draws':>6}{'recovered':>11}{'undecided':>11}{'wrong':>7}  recovered, 95 %     wrong, 95 %"]
    shown[0] += "        highest row  s a draw  decided settled false"
    for row in summary(lines):
        right, wrong = ("{:5.1%} to {:6.1%}".format(*row[f"{name}_interval"]) for name in ("recovered", "wrong"))
        highest = "-" if row["highest"] is None else f"{row['highest']:.2f}"
        shown.append(
            f"{row['name']:10}{row['draws']:6}{row['recovered']:11}{row['undecided']:11}{row['wrong']:7}  {right:18}  "
            f"{wrong:18}{highest:>12}{row['seconds']:10.1f}"
            "  {made:7}{settled:8}{false:6}".format(**row["decisions"])
        )
    return "\n".join(shown)


def _asked(session: Session, name: str) -> str:
    """A digest of everything that a drawing's verdict depends on: its runs, its claims and the level."""
    table = table_named(name, None)
    assert isinstance(table, Table)
    assert table.planted is not None
    claims = [dataclasses.asdict(claim) for claim in table.planted.claims]
    return digest([sorted(session.plan(name).plan.runs), claims, table.level, table.threshold])[:16]


if __name__ == "__main__":
    main()
