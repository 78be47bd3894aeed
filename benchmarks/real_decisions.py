"""How often is a recommendation right on real runs? Worlds of fine-tunings that others have finished, raced.

    python -m benchmarks.real_decisions FOLDER [--comparisons N] [--file FILE] [--figures FOLDER]

The folder holds ``sources.csv.gz``, which is not shipped: a line per finished run with its target, source, learning
rate, momentum, validation and test AUC, as in the results that Juodelyte et al. 2024 published
(https://arxiv.org/abs/2412.20172). Of each target a world is made whose arms are the sources, and comparisons in it are
raced as `medtransfer compare` does by default: a tuning run at each of three rates, and then runs with other seeds.
What is true is known of a world, at the rates that were picked. Settings of the finished runs stand for seeds, which
the file has not; four readings of them are tried.

Printed are, by target: false claims with Wilson's 95 % interval, how often it is settled what to start from, the cost
beside the full grid's (mean, median, 90th percentile), how often the pick is within the margin beside the full grid's
pick, by how many points both are behind the best arm, and how many of the arms within the margin were kept; then false
alarms between twins. With ``--figures``, what each way to choose costs and errs is drawn, and how often the stated
level holds: that has a quarter of the comparisons. It takes about ten minutes, so it is no part of `make bench`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from analysis.decision import SHARE
from analysis.shares import wilson
from benchmarks.deciding.choosing import LEVEL, Always, Grid, Halving, Race, Way
from benchmarks.deciding.counting import Counter, Counts, costs, together
from benchmarks.deciding.drawing import draw_costs, draw_reliability, write
from benchmarks.deciding.finished import READINGS, Reading, World
from benchmarks.deciding.reliability import STATED, closed, hard_cells
from benchmarks.deciding.twins import alarms

IMAGENET = "imagenet"
"""The name of that source in the file."""

RACE, GRID = "race", "full grid"

WAYS: dict[str, dict[str, Way]] = {
    "race": {f"{share:.0%}": Race(share) for share in (0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)},
    "plain grid": {f"{seeds}": Grid(seeds) for seeds in range(2, 11)},
    "successive halving": {f"{each}": Halving(each) for each in (0, 2, 4, 6, 8, 10)},
    "always ImageNet": {"": Always(IMAGENET)},
}
"""Of the curves; a race's share of the grid is what it may take at most."""


def main() -> None:
    """Count, print, and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with sources.csv.gz")
    parser.add_argument("--comparisons", type=int, default=2000, metavar="N", help="of each target (default: 2000)")
    parser.add_argument("--file", type=Path, help="of what was counted; a later start goes on from there")
    parser.add_argument("--figures", type=Path, metavar="FOLDER", help="draw into it")
    options = parser.parse_args()
    counter = Counter(options.folder, options.file)
    for number, reading in enumerate(READINGS):
        found = counter.summaries(reading, {RACE: Race(), GRID: Grid(10)}, options.comparisons)
        print(f"{reading.name}\n{as_text(found[RACE], found[GRID])}")
        for missed in gates(found[RACE], found[GRID]) if number == 0 else ():
            print(f"missed: {missed}")
        print()
    for reading in (one for one in READINGS if not one.without):
        print(f"{reading.name}: alarms between twins\n{twins_as_text(twins(counter, reading, options.comparisons))}\n")
    if options.figures:
        fewer = max(options.comparisons // 4, 1)
        lines = curves(counter, READINGS[0], fewer)
        write(draw_costs(lines), "decisions-cost", options.figures)
        stated = reliability(counter, READINGS[0], fewer)
        write(draw_reliability(stated), "decisions-reliability", options.figures)
        print(f"{curves_as_text(lines)}\n\n{reliability_as_text(stated)}")


def as_text(race: Mapping[str, Counts], grid: Mapping[str, Counts]) -> str:
    """A line per target, and one of their mean."""
    lines = [
        f"{'target':16}{'false':>7}  {'95 %':17}{'settled':>8}{'mean':>7}{'median':>8}{'90 %':>7}{'pick':>8}{'grid':>8}"
        f"{'less':>7}{'regret':>8}{'grid':>7}{'kept':>8}"
    ]
    for target in [*race, "all"]:
        one = together(list(race.values())) if target == "all" else race[target]
        other = together(list(grid.values())) if target == "all" else grid[target]
        low, high = wilson(round(one["false"] * one["comparisons"]), one["comparisons"])
        mean, median, ninetieth = costs(one)
        lines.append(
            f"{target:16}{one['false']:7.2%}  {low:6.2%} to {high:6.2%} {one['settled']:8.1%}{mean:7.1%}{median:8.1%}"
            f"{ninetieth:7.1%}{one['right']:8.2%}{other['right']:8.2%}{100 * (other['right'] - one['right']):7.2f}"
            f"{100 * one['regret']:8.3f}{100 * other['regret']:7.3f}{one['kept']:8.2%}"
        )
    return "\n".join(lines)


def gates(race: Mapping[str, Counts], grid: Mapping[str, Counts]) -> list[str]:
    """What is promised of the method and was not found, in words."""
    all_, of_grid = together(list(race.values())), together(list(grid.values()))
    _, median, ninetieth = costs(all_)
    less = of_grid["right"] - all_["right"]
    held = {
        f"false claims at most {LEVEL:.0%} in each target": max(one["false"] for one in race.values()) <= LEVEL,
        "false claims at most 3% on average": all_["false"] <= 0.03,
        f"settled in at least 75%, found {all_['settled']:.1%}": all_["settled"] >= 0.75,
        f"median cost at most 55%, found {median:.1%}": median <= 0.55,
        f"90th percentile of the cost at most {SHARE:.0%}, found {ninetieth:.1%}": ninetieth <= SHARE,
        f"pick at most .5 points less often within the margin than the grid's, found {100 * less:.2f}": round(less, 6)
        <= 0.005,
        f"kept at least 99% on average, found {all_['kept']:.2%}": all_["kept"] >= 0.99,
        "kept at least 95% in each target": min(one["kept"] for one in race.values()) >= 0.95,
    }
    return [words for words, holds in held.items() if not holds]


def twins(counter: Counter, reading: Reading, comparisons: int) -> dict[str, dict[str, float]]:
    """Shares of alarms by target and by what was asked."""
    return {
        target: counter.kept(("twins", reading, target, comparisons), partial(_twins, world, place, comparisons))
        for place, (target, world) in enumerate(counter.worlds(reading).items())
    }


def _twins(world: World, place: int, comparisons: int) -> dict[str, float]:
    found = [alarms(world, [place, number]) for number in range(comparisons)]
    return {asked: float(np.mean([one[asked] for one in found])) for asked in found[0]}


def twins_as_text(found: Mapping[str, Mapping[str, float]]) -> str:
    """A line per target, and one of their mean."""
    asked = list(next(iter(found.values())))
    lines = [f"{'target':16}" + "".join(f"{one:>19}" for one in asked)]
    lines += [f"{target:16}" + "".join(f"{of[one]:19.2%}" for one in asked) for target, of in found.items()]
    means = {one: float(np.mean([of[one] for of in found.values()])) for one in asked}
    return "\n".join([*lines, f"{'all':16}" + "".join(f"{means[one]:19.2%}" for one in asked)])


def curves(counter: Counter, reading: Reading, comparisons: int) -> dict[str, dict[str, Counts]]:
    """Of each way to choose, of each effort: the mean over targets."""
    lines = {}
    for name, ways in WAYS.items():
        found = counter.summaries(reading, ways, comparisons)
        lines[name] = {effort: together(list(of.values())) for effort, of in found.items()}
    return lines


def curves_as_text(lines: Mapping[str, Mapping[str, Counts]]) -> str:
    """A line per way and effort."""
    shown = [f"{'way':20}{'effort':>7}{'cost':>7}{'false':>8}{'settled':>9}{'pick off':>10}{'regret':>8}"]
    for name, line in lines.items():
        shown += [
            f"{name:20}{effort:>7}{costs(one)[0]:7.1%}{one['false']:8.2%}{one['settled']:9.1%}{1 - one['right']:10.2%}"
            f"{100 * one['regret']:8.3f}"
            for effort, one in line.items()
        ]
    return "\n".join(shown)


def reliability(counter: Counter, reading: Reading, comparisons: int) -> dict[str, list[float]]:
    """Shares of comparisons without a false claim at the stated ones: of targets, and of closed worlds."""
    ways: dict[str, Way] = {f"{stated}": Race(level=1 - stated) for stated in STATED}
    found = counter.summaries(reading, ways, comparisons)
    of_targets = {target: [1 - found[stated][target]["false"] for stated in ways] for target in counter.worlds(reading)}
    cells = hard_cells()
    return {
        "real worlds, mean of the targets": [float(np.mean(of)) for of in zip(*of_targets.values(), strict=True)],
        "real worlds, target with the lowest": [min(of) for of in zip(*of_targets.values(), strict=True)],
        "closed worlds, one arm just beyond the margin": [
            counter.kept(("closed", cells, stated, comparisons), partial(closed, cells, stated, comparisons))["held"]
            for stated in STATED
        ],
    }


def reliability_as_text(found: Mapping[str, list[float]]) -> str:
    """A line per stated share."""
    lines = [f"{'stated':>8}" + "".join(f"{name:>48}" for name in found)]
    for stated, *held in zip(STATED, *found.values(), strict=True):
        lines.append(f"{stated:8.0%}" + "".join(f"{one:48.1%}" for one in held))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
