"""How often does the decision err, how often does it settle, and what does it cost? Comparisons whose truth is known.

    python -m benchmarks.decisions [--comparisons N] [--cells NAME ...] [--file FILE] [--json]

Scores are drawn from worlds of known means, without the choice of learning rates: arms of equal or unequal spread,
heavy tails, runs that collapse, and, for new patients, their images too. Each comparison is raced as
`medtransfer compare` races it. The share of comparisons with any false claim is given with Wilson's 95 % interval, and
with the p-value of a one-sided binomial test that it is above the level, after Holm's correction over the cells. Lines
are appended to the file; a later start goes on from there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.decision import Patients, Rules, Standing, standing
from analysis.shares import wilson
from analysis.statistics import holm
from benchmarks.journal import append, entries
from benchmarks.patients import PatientCell, patient_cells

Array = NDArray[np.float64]

BASE = 0.85
"""The score of the lowest arm."""

FALL = 0.15
"""How much a collapse takes from a run's score."""

EARLY = 5
"""The number of runs of each arm at which claims are counted as early."""


@dataclass(frozen=True)
class Cell:
    """A kind of world, from which comparisons are drawn.

    Attributes:
        name: the name, which says what kind of world it is.
        means: the true mean of each arm's runs that do not collapse.
        spread: the standard deviation of a run's score.
        unequal: the standard deviation of the logarithm of the arms' spreads; 0: all are equal.
        tails: the degrees of freedom of a t-distribution that scores are drawn from; None: a normal distribution.
        collapsing: the share of the runs that collapse, so that their score falls by ``FALL``.
        stress: whether the cell goes beyond what is promised.
    """

    name: str
    means: tuple[float, ...]
    spread: float
    unequal: float = 0.0
    tails: float | None = None
    collapsing: float = 0.0
    stress: bool = False

    def draw(self, generator: np.random.Generator, runs: int) -> tuple[Array, Array, Array, Patients | None]:
        """Draw true means (arms,), scores (arms, runs) and best validation scores of the tuning (arms,), and None."""
        arms = len(self.means)
        means = generator.permutation(np.array(self.means))
        spreads = self.spread * np.exp(generator.normal(0, self.unequal, arms)) if self.unequal else self.spread
        spreads = np.broadcast_to(spreads, (arms,))
        noise = generator.standard_normal((arms, runs + 1))
        if self.tails is not None:
            noise = generator.standard_t(self.tails, (arms, runs + 1)) * np.sqrt((self.tails - 2) / self.tails)
        values = means[:, None] + spreads[:, None] * noise
        values -= FALL * (generator.random((arms, runs + 1)) < self.collapsing)
        return means - FALL * self.collapsing, np.clip(values[:, 1:], 0, 1), values[:, 0], None


AnyCell = Cell | PatientCell

UNEQUAL: dict[str, Any] = {"unequal": 0.5}
COLLAPSING: dict[str, Any] = {"collapsing": 1 / 12}
HEAVY: dict[str, Any] = {"tails": 3.0}

KINDS: dict[str, list[tuple[float, dict[str, Any]]]] = {
    "equal": [(0.01, {}), (0.03, {}), (0.01, COLLAPSING)],
    "one 1.1 ahead": [
        *((spread, kind) for spread in (0.003, 0.01, 0.03) for kind in ({}, UNEQUAL)), (0.01, COLLAPSING), (0.01, HEAVY)
    ],
    "one 3 ahead": [(0.01, {}), (0.03, {})],
    "two 1.1 ahead": [(0.01, {}), (0.01, UNEQUAL)],
    "ladder of 1.1": [(0.003, {}), (0.01, {}), (0.01, UNEQUAL), (0.01, COLLAPSING)],
    "spread over 10": [(0.01, {})],
}  # fmt: skip
"""The spreads and kinds of worlds for each effect; most can go wrong where one arm is ahead by just over the margin."""


def grid() -> list[AnyCell]:
    """The declared cells: effects by spreads by numbers of arms for these images, and the cells for new patients."""
    cells: list[AnyCell] = []
    for arms in (3, 14):
        effects = {
            "equal": [0.0] * arms,
            "one 1.1 ahead": [0.011] + [0.0] * (arms - 1),
            "one 3 ahead": [0.03] + [0.0] * (arms - 1),
            "two 1.1 ahead": [0.011, 0.011] + [0.0] * (arms - 2),
            "ladder of 1.1": list(0.011 * np.arange(arms) - 0.011 * max(arms - 8, 0)),
            "spread over 10": list(np.linspace(0, 0.1, arms)),
        }
        for name, ahead in effects.items():
            means = tuple(BASE + float(lead) for lead in ahead)
            for spread, kind in KINDS[name]:
                told_of = {"unequal": "unequal", "collapsing": "collapsing", "tails": "heavy tails"}
                words = "".join(f", {told_of[key]}" for key in kind)
                cells.append(Cell(f"{arms} arms, {name}, spread {100 * spread:g}{words}", means, spread, **kind))
        means = tuple(BASE + lead for lead in effects["one 1.1 ahead"])
        name = f"{arms} arms, one 1.1 ahead, a quarter collapses"
        cells.append(Cell(name, means, 0.01, collapsing=0.25, stress=True))
    for spread in (0.001, 0.05):
        cells.append(Cell(f"3 arms, one 1.1 ahead, spread {100 * spread:g}", (BASE + 0.011, BASE, BASE), spread))
    cells.append(Cell("5 arms, one 3 ahead, spread 1", (BASE + 0.03, *[BASE] * 4), 0.01))
    return [*cells, *patient_cells()]


def compared(cell: AnyCell, number: int, rules: Rules) -> dict[str, Any]:
    """Make one comparison, and say whether a claim was false, what was settled, how many runs it took and so on."""
    seed = zlib.crc32(cell.name.encode())
    means, scores, tuned, patients = cell.draw(np.random.default_rng([seed, number]), rules.looks[-1])
    names = [str(arm) for arm in range(len(means))]
    order = [names[arm] for arm in np.argsort(-tuned, kind="stable")]
    final, early = (
        standing(dict(zip(names, scores[:, :runs], strict=True)), order, rules, patients)
        for runs in (rules.looks[-1], EARLY)
    )
    true = dict(zip(names, map(float, means), strict=True))
    return told(final, true, rules) | {"early": bool(early.start or early.worse)}


def told(claims: Standing, means: dict[str, float], rules: Rules) -> dict[str, Any]:
    """The claims of a comparison judged by the true means."""
    short = {arm: max(means.values()) - mean for arm, mean in means.items()}
    false = any(short[arm] > rules.margin for arm in claims.start) or any(
        short[arm] <= rules.margin for arm in claims.worse
    )
    looked = rules.looks[claims.looks - 1]
    return {
        "false": false,
        "settled": bool(claims.start),
        "said": bool(claims.start or claims.worse),
        "right": claims.leader is not None and short[claims.leader] <= rules.margin,
        "kept": float(np.mean([arm not in claims.worse for arm in means if short[arm] <= rules.margin])),
        "runs": sum(claims.rested.get(arm, looked) for arm in means),
    }


def counted(
    cells: Sequence[AnyCell], comparisons: int, rules: Rules, file: Path | None
) -> Iterator[tuple[AnyCell, dict[str, float]]]:
    """Each cell with the shares over its comparisons, which are read from the file, or counted and appended to it."""
    known = {line["asked"]: line["found"] for line in entries(file)} if file else {}
    for cell in cells:
        asked = json.dumps([dataclasses.asdict(cell), dataclasses.asdict(rules), comparisons])
        if (shares := known.get(asked)) is None:
            told_of = [compared(cell, number, rules) for number in range(comparisons)]
            shares = {name: float(np.mean([comparison[name] for comparison in told_of])) for name in told_of[0]}
            if file:
                append(file, {"asked": asked, "found": shares})
        yield cell, shares


def as_text(results: Sequence[tuple[AnyCell, dict[str, float]]], comparisons: int, level: float) -> str:
    """The counts as a table of text, with a line per cell."""
    from scipy import stats

    p_values = [
        float(stats.binom.sf(round(shares["false"] * comparisons) - 1, comparisons, level)) for _, shares in results
    ]
    corrected = holm([None if cell.stress else p for (cell, _), p in zip(results, p_values, strict=True)])
    columns = "".join(f"{name:>7}" for name in ("said", "early", "right", "kept", "runs"))
    lines = [f"{'cell':62}{'false':>7}  {'95 %':17}{'p':>7}{'settled':>9}{columns}"]
    for (cell, shares), p in zip(results, corrected, strict=True):
        low, high = wilson(round(shares["false"] * comparisons), comparisons)
        shown = "stress" if p is None else f"{p:.3f}"
        lines.append(
            f"{cell.name:62}{shares['false']:7.2%}  {low:6.2%} to {high:6.2%} {shown:>7}{shares['settled']:9.1%}"
            f"{shares['said']:7.1%}{shares['early']:7.1%}{shares['right']:7.1%}{shares['kept']:7.1%}{shares['runs']:7.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Count the comparisons of all cells, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--comparisons", type=int, default=2000, metavar="N", help="the number for each cell (default: %(default)s)"
    )
    parser.add_argument("--cells", nargs="+", metavar="TEXT", help="only cells whose name contains one of these texts")
    parser.add_argument("--file", type=Path, help="the file that counts are kept in; a later start goes on from there")
    options = parser.parse_args()
    cells = [cell for cell in grid() if not options.cells or any(text in cell.name for text in options.cells)]
    rules = Rules(most=None)
    counted_cells = list(counted(cells, options.comparisons, rules, options.file))
    print(as_text(counted_cells, options.comparisons, rules.level))


if __name__ == "__main__":
    main()
