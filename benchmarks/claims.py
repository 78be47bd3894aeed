"""How often does the ledger err, and how often does it see what is there? Each claim where it is false and true.

    python -m benchmarks.claims [--draws N] [--json]

In each draw every claim of a paper has scores of its own, and all are judged together as the ledger judges them. Where
a claim is false, the effect is 0, or for a claim of equality the margin; where it is true, twice the margin, or 0. Runs
are thirteen for each cell, normal, with half of the margin as their standard deviation in half of the cells and the
margin in the other half. Steps or hours to a threshold have a mean of 100 and a standard deviation of 30, six runs for
each cell, and 40 % of that mean where the claim is true. So nothing is trained: what is tested is how verdicts are
given.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.hypothesis import Evidence, Hypothesis, Mean, verdicts
from analysis.survival import Duration
from experiments.ledger.claim import Claim, Reading
from experiments.ledger.evidence_of import of_durations, of_means
from experiments.ledger.ledger import ledger

DRAWS = 200
RUNS, RUNS_OF_STEPS = 13, 6
"""The runs of each cell, and of each whose steps or hours are counted. With ten of the spread below, equality of two
cells is shown in 67 % of the worlds where it is true."""

SLOW, FAST, SHAPE = 100.0, 40.0, 11.0
"""The mean steps to the threshold, those of a row that is sooner, and the shape of their gamma distribution."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the worlds and print how often each claim is called supported; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--draws", type=int, default=DRAWS, metavar="N", help="draws of each world (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args(arguments)
    claims: dict[str, dict[str, Claim]] = {}
    for entry in ledger(()):
        if any(reading.whole.weights for reading in entry.claim.readings):
            claims.setdefault(entry.paper, {})[entry.name] = entry.claim
    found = {paper: counted(of, options.draws) for paper, of in claims.items()}
    if options.json:
        print(json.dumps({paper: dataclasses.asdict(one) for paper, one in found.items()}, indent=1))
        return 0
    for paper, one in found.items():
        interval = stats.binomtest(one.erring, options.draws).proportion_ci()
        print(
            f"{paper}: of {options.draws} draws in which every claim is false, {one.erring} have any that is called "
            f"supported ({interval.low:.1%} to {interval.high:.1%})"
        )
        for name, times in one.seen.items():
            print(f"  {name}: supported in {times / options.draws:.0%} of the draws where it is true")
    return 0


@dataclass(frozen=True)
class Counted:
    """Counts over draws.

    Attributes:
        erring: the number of draws in which any claim is called supported, where all are false.
        seen: the number of draws in which each claim is called supported, where all are true.
    """

    erring: int
    seen: dict[str, int]


def counted(claims: dict[str, Claim], draws: int) -> Counted:
    """In how many draws any false claim is called supported, and each true one.

    Args:
        claims: the claims of a paper by name, each with a reading that has cells.
        draws: the number of draws of each world.
    """
    rng, false, true = np.random.default_rng(0), 0, Counter(dict.fromkeys(claims, 0))
    for _ in range(draws):
        told = _judged(claims, rng, holds=False)
        false += "supported" in told.values()
        true.update(name for name, verdict in _judged(claims, rng, holds=True).items() if verdict == "supported")
    return Counted(false, dict(true))


def _judged(claims: dict[str, Claim], rng: np.random.Generator, holds: bool) -> dict[str, str]:
    found: list[tuple[Hypothesis, Evidence]] = []
    for claim in claims.values():
        reading = next(one for one in claim.readings if one.whole.weights)
        found.append((claim.hypothesis, _drawn(claim, reading, rng, holds)))
    return dict(zip(claims, verdicts(found), strict=True))


def _drawn(claim: Claim, reading: Reading, rng: np.random.Generator, holds: bool) -> Evidence:
    """What drawn runs say of a claim."""
    if reading.unit != "scores":
        pair = reading.whole if len(reading.whole.weights) == 2 else reading.parts[0]
        (slow, _), (fast, _) = sorted(pair.weights.items(), key=lambda one: -one[1])
        means = {slow: SLOW, fast: FAST if holds else SLOW}
        steps = {
            cell: tuple(Duration(float(time), True) for time in rng.gamma(SHAPE, mean / SHAPE, RUNS_OF_STEPS))
            for cell, mean in means.items()
        }
        return of_durations(steps, reading.unit)(pair, claim.hypothesis)
    effect = {("more", True): 2.0, ("more", False): 0.0, ("equal", True): 0.0, ("equal", False): 1.0}[claim.kind, holds]
    weights = reading.whole.weights
    share = effect * claim.margin / sum(weight**2 for weight in weights.values())
    cells = {}
    for number, (cell, weight) in enumerate(weights.items()):
        runs = rng.normal(share * weight, claim.margin * (1 + number % 2) / 2, RUNS)
        cells[cell] = Mean(float(runs.mean()), float(runs.std(ddof=1)), RUNS)
    return of_means(cells)(reading.whole, claim.hypothesis)


if __name__ == "__main__":
    sys.exit(main())
