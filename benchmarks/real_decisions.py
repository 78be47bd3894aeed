"""How often is a recommendation right on real runs? Worlds of fine-tunings that others have finished, raced.

    python -m benchmarks.real_decisions FOLDER [--comparisons N] [--file FILE] [--figures FOLDER]

The folder holds ``sources.csv.gz``, which is not shipped: a line per finished run with its target, source, learning
rate, momentum, validation and test AUC, as in the results that Juodelyte et al. 2024 published
(https://arxiv.org/abs/2412.20172). Each target gives a world whose arms are the sources, and comparisons in it are
raced as `medtransfer compare` does by default: a tuning run at each of three rates, and then runs with other seeds. The
true means of a world at the picked rates are known. Settings of the finished runs stand for seeds, which the file does
not have; four readings of them are tried.

Printed are, by target: false claims with Wilson's 95 % interval; how often it is settled what to start from; the cost
as a share of the full grid's (mean, median, 90th percentile); how often the pick is within the margin, beside the full
grid's pick; by how many points both are behind the best arm; and how many of the arms within the margin were kept. Then
follow false alarms between twins. With ``--figures``, the cost and the errors of each way to choose are drawn, and how
often the stated level holds, from a quarter of the comparisons. It takes about ten minutes, so it is no part of
`make bench`.
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
"""The name of the source ImageNet in the file."""

RACE, GRID = "race", "full grid"

WAYS: dict[str, dict[str, Way]] = {
    "race": {f"{share:.0%}": Race(share) for share in (0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0)},
    "plain grid": {f"{seeds}": Grid(seeds) for seeds in range(2, 11)},
    "successive halving": {f"{each}": Halving(each) for each in (0, 2, 4, 6, 8, 10)},
    "always ImageNet": {"": Always(IMAGENET)},
}
"""The ways to choose that are drawn as curves, by effort; a race's effort is the largest share of the grid it may take.
"""


def main() -> None:
    """Count the outcomes, print the tables, and draw the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder that holds sources.csv.gz")
    parser.add_argument(
        "--comparisons", type=int, default=2000, metavar="N", help="the number for each target (default: 2000)"
    )
    parser.add_argument("--file", type=Path, help="the file that counts are kept in; a later start goes on from there")
    parser.add_argument("--figures", type=Path, metavar="FOLDER", help="draw figures into this folder")
    options = parser.parse_args()
    counter = Counter(options.folder, options.file)
    for number, reading in enumerate(READINGS):
        counts = counter.summaries(reading, {RACE: Race(), GRID: Grid(10)}, options.comparisons)
        print(f"{reading.name}\n{as_text(counts[RACE], counts[GRID])}")
        for missed in gates(counts[RACE], counts[GRID]) if number == 0 else ():
            print(f"missed: {missed}")
        print()
    for reading in (each_reading for each_reading in READINGS if not each_reading.without):
        print(f"{reading.name}: alarms between twins\n{twins_as_text(twins(counter, reading, options.comparisons))}\n")
    if options.figures:
        fewer = max(options.comparisons // 4, 1)
        lines = curves(counter, READINGS[0], fewer)
        write(draw_costs(lines), "decisions-cost", options.figures)
        stated = reliability(counter, READINGS[0], fewer)
        write(draw_reliability(stated), "decisions-reliability", options.figures)
        print(f"{curves_as_text(lines)}\n\n{reliability_as_text(stated)}")


def as_text(race: Mapping[str, Counts], grid: Mapping[str, Counts]) -> str:
    """The counts of the race and the grid as a table of text, with a line per target and one for their mean."""
    lines = [
        f"{'target':16}{'false':>7}  {'95 %':17}{'settled':>8}{'mean':>7}{'median':>8}{'90 %':>7}{'pick':>8}{'grid':>8}"
        f"{'less':>7}{'regret':>8}{'grid':>7}{'kept':>8}"
    ]
    for target in [*race, "all"]:
        row = together(list(race.values())) if target == "all" else race[target]
        beside = together(list(grid.values())) if target == "all" else grid[target]
        low, high = wilson(round(row["false"] * row["comparisons"]), row["comparisons"])
        mean, median, ninetieth = costs(row)
        lines.append(
            f"{target:16}{row['false']:7.2%}  {low:6.2%} to {high:6.2%} {row['settled']:8.1%}{mean:7.1%}{median:8.1%}"
            f"{ninetieth:7.1%}{row['right']:8.2%}{beside['right']:8.2%}{100 * (beside['right'] - row['right']):7.2f}"
            f"{100 * row['regret']:8.3f}{100 * beside['regret']:7.3f}{row['kept']:8.2%}"
        )
    return "\n".join(lines)


def gates(race: Mapping[str, Counts], grid: Mapping[str, Counts]) -> list[str]:
    """The promises about the method that do not hold, in words."""
    all_, of_grid = together(list(race.values())), together(list(grid.values()))
    _, median, ninetieth = costs(all_)
    less = of_grid["right"] - all_["right"]
    held = {
        f"false claims at most {LEVEL:.0%} in each target": max(counts["false"] for counts in race.values()) <= LEVEL,
        "false claims at most 3% on average": all_["false"] <= 0.03,
        f"settled in at least 75%, found {all_['settled']:.1%}": all_["settled"] >= 0.75,
        f"median cost at most 55%, found {median:.1%}": median <= 0.55,
        f"90th percentile of the cost at most {SHARE:.0%}, found {ninetieth:.1%}": ninetieth <= SHARE,
        f"pick at most .5 points less often within the margin than the grid's, found {100 * less:.2f}": round(less, 6)
        <= 0.005,
        f"kept at least 99% on average, found {all_['kept']:.2%}": all_["kept"] >= 0.99,
        "kept at least 95% in each target": min(counts["kept"] for counts in race.values()) >= 0.95,
    }
    return [words for words, holds in held.items() if not holds]


def twins(counter: Counter, reading: Reading, comparisons: int) -> dict[str, dict[str, float]]:
    """The shares of false alarms between twins, by target and by the question that was asked."""
    return {
        target: counter.kept(("twins", reading, target, comparisons), partial(_twins, world, number, comparisons))
        for number, (target, world) in enumerate(counter.worlds(reading).items())
    }


def _twins(world: World, target_number: int, comparisons: int) -> dict[str, float]:
    all_alarms = [alarms(world, [target_number, number]) for number in range(comparisons)]
    return {asked: float(np.mean([alarm[asked] for alarm in all_alarms])) for asked in all_alarms[0]}


def twins_as_text(shares: Mapping[str, Mapping[str, float]]) -> str:
    """The shares of false alarms as a table of text, with a line per target and one for their mean."""
    asked = list(next(iter(shares.values())))
    lines = [f"{'target':16}" + "".join(f"{question:>19}" for question in asked)]
    lines += [
        f"{target:16}" + "".join(f"{share[question]:19.2%}" for question in asked) for target, share in shares.items()
    ]
    means = {question: float(np.mean([share[question] for share in shares.values()])) for question in asked}
    return "\n".join([*lines, f"{'all':16}" + "".join(f"{means[question]:19.2%}" for question in asked)])


def curves(counter: Counter, reading: Reading, comparisons: int) -> dict[str, dict[str, Counts]]:
    """The mean counts over targets of each way to choose, by effort."""
    lines = {}
    for name, ways in WAYS.items():
        counts = counter.summaries(reading, ways, comparisons)
        lines[name] = {effort: together(list(by_target.values())) for effort, by_target in counts.items()}
    return lines


def curves_as_text(lines: Mapping[str, Mapping[str, Counts]]) -> str:
    """The curves as a table of text, with a line per way and effort."""
    shown = [f"{'way':20}{'effort':>7}{'cost':>7}{'false':>8}{'settled':>9}{'pick off':>10}{'regret':>8}"]
    for name, line in lines.items():
        shown += [
            f"{name:20}{effort:>7}{costs(row)[0]:7.1%}{row['false']:8.2%}{row['settled']:9.1%}{1 - row['right']:10.2%}"
            f"{100 * row['regret']:8.3f}"
            for effort, row in line.items()
        ]
    return "\n".join(shown)


def reliability(counter: Counter, reading: Reading, comparisons: int) -> dict[str, list[float]]:
    """The shares of comparisons without a false claim at each stated share, for targets and for closed worlds."""
    ways: dict[str, Way] = {f"{stated}": Race(level=1 - stated) for stated in STATED}
    counts = counter.summaries(reading, ways, comparisons)
    of_targets = {
        target: [1 - counts[stated][target]["false"] for stated in ways] for target in counter.worlds(reading)
    }
    cells = hard_cells()
    return {
        "real worlds, mean of the targets": [
            float(np.mean(shares)) for shares in zip(*of_targets.values(), strict=True)
        ],
        "real worlds, target with the lowest": [min(shares) for shares in zip(*of_targets.values(), strict=True)],
        "closed worlds, one arm just beyond the margin": [
            counter.kept(("closed", cells, stated, comparisons), partial(closed, cells, stated, comparisons))["held"]
            for stated in STATED
        ],
    }


def reliability_as_text(held_by_world: Mapping[str, list[float]]) -> str:
    """The shares as a table of text, with a line per stated share."""
    lines = [f"{'stated':>8}" + "".join(f"{name:>48}" for name in held_by_world)]
    for stated, *held in zip(STATED, *held_by_world.values(), strict=True):
        lines.append(f"{stated:8.0%}" + "".join(f"{share:48.1%}" for share in held))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
