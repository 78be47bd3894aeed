"""Do the intervals of learning curves hold the truth? Worlds in which the curve is known.

    python -m benchmarks.labels [--draws N] [--json]

In each draw the scores of a few runs at each of a few numbers of images are drawn around a known curve, and a curve is
fitted to them (`analysis/power_law.py`). Counted is how often a 95 % interval holds the truth: the curve at the
smallest, a middle and the largest number of images, the forecast at four times the largest number, and the two numbers
of labels (`analysis/annotation.py`) beside a second row whose curve is known too.

The worlds under "promised" are power laws with independent normal runs. Those under "beyond" are what a user may have
in spite of that: runs that share something at one number of images or at all, and a curve that is no power law.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.annotation import Labels, labels_to_reach, labels_until_alike
from analysis.power_law import fit
from analysis.shares import wilson

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]

DRAWS = 1000
PROMISED = 0.93
"""The least coverage that is promised of intervals of 95 %."""

AHEAD = 4
"""How many times the largest number of images the forecast is for."""

EVERY = 5
"""In every how many draws the numbers of labels are looked for, which takes longer than all else."""

MARGIN = 0.05
"""The margin within which two rows are alike: in most worlds they are so within what is tried, in some they are not."""

FOUR, FIVE, SIX = (47, 94, 235, 471), (94, 235, 471, 942, 1883), (20, 50, 100, 250, 500, 1000)
"""Numbers of images: shares of PneumoniaMNIST (up to 10 %, and 2 to 40 %), and a small dataset of a user's own."""


@dataclass(frozen=True)
class World:
    """A kind of world, from which the scores of runs are drawn.

    Attributes:
        name: the name, which says what kind of world it is.
        parameters: the limit, the scale and the exponent of the curve.
        numbers: the numbers of images that runs are trained on.
        runs: how many runs there are at each.
        noise: the standard deviation of a run at the largest number of images, as a score in [0, 1].
        falling: the exponent with which the standard deviation falls as images are added.
        shared: the standard deviation of what all runs at one number of images share.
        seeds: the standard deviation of what a run of a seed has at all numbers of images.
        bent: how much the curve is bent away from a power law at its largest number, as a score.
    """

    name: str
    parameters: tuple[float, float, float]
    numbers: tuple[int, ...]
    runs: int
    noise: float
    falling: float = 0.0
    shared: float = 0.0
    seeds: float = 0.0
    bent: float = 0.0

    def truth(self, numbers: Array) -> Array:
        """The expected score at some numbers of images, (N,)."""
        limit, scale, exponent = self.parameters
        place = np.log(numbers / self.numbers[0]) / math.log(self.numbers[-1] / self.numbers[0])
        return limit - scale * numbers**-exponent + self.bent * np.sin(math.pi * np.minimum(place, 1) * 1.5)

    def draw(self, generator: np.random.Generator) -> list[Array]:
        """The scores of the runs at each number of images, in [0, 1]."""
        numbers = np.array(self.numbers, dtype=np.float64)
        spread = self.noise * (numbers / numbers[-1]) ** -self.falling
        scores = (
            self.truth(numbers)[:, None]
            + spread[:, None] * generator.standard_normal((len(numbers), self.runs))
            + self.shared * generator.standard_normal((len(numbers), 1))
            + self.seeds * generator.standard_normal((1, self.runs))
        )
        return list(np.clip(scores, 0, 1))


PLAIN, STEEP, SLOW, CEILING = (0.93, 1.2, 0.5), (0.9, 30.0, 1.2), (0.99, 0.6, 0.2), (1.0, 0.5, 0.35)
"""Curves from 75 to 88, 60 to 90, 71 to 82 and 87 to 94 points between 50 and 500 images, or so."""

WORLDS = (
    World("plain, 4 numbers, 3 runs, noise 1 point", PLAIN, FOUR, 3, 0.01),
    World("plain, 4 numbers, 5 runs, noise 3 points", PLAIN, FOUR, 5, 0.03),
    World("plain, 5 numbers, 5 runs, noise 0.2 points", PLAIN, FIVE, 5, 0.002),
    World("plain, 6 numbers, 10 runs, noise 1 point", PLAIN, SIX, 10, 0.01),
    World("steep, 4 numbers, 5 runs, noise 0.5 points", STEEP, FOUR, 5, 0.005),
    World("steep, 6 numbers, 3 runs, noise 2 points", STEEP, (*FIVE, 3766), 3, 0.02),
    World("slow, 4 numbers, 10 runs, noise 0.5 points", SLOW, FOUR, 10, 0.005),
    World("slow, 5 numbers, 3 runs, noise 2 points", SLOW, FIVE, 3, 0.02),
    World("to the ceiling, 4 numbers, 3 runs, noise 0.2 points", CEILING, FOUR, 3, 0.002),
    World("to the ceiling, 6 numbers, 5 runs, noise 1 point", CEILING, SIX, 5, 0.01),
    World("plain, noise falling from 3 points to 0.95, 5 runs", PLAIN, FOUR, 5, 0.0095, falling=0.5),
    World("slow, noise falling from 3 points to 0.3, 3 runs", SLOW, FOUR, 3, 0.003, falling=1.0),
    World("plain, noise falling from 2 points to 0.3, 10 runs", PLAIN, SIX, 10, 0.003, falling=0.5),
)
"""Worlds of the kind for which coverage is promised."""

BEYOND = (
    World("runs of one number of images share 1 point, 5 runs", PLAIN, FIVE, 5, 0.003, shared=0.01),
    World("runs of one number of images share 0.5 points, 3 runs", PLAIN, FOUR, 3, 0.01, shared=0.005),
    World("runs do not vary, but share 0.5 points", SLOW, FIVE, 5, 0.0, shared=0.005),
    World("a seed has 1 point at all numbers of images, 5 runs", PLAIN, FIVE, 5, 0.003, seeds=0.01),
    World("the curve is bent by 1 point, 5 runs", PLAIN, FIVE, 5, 0.005, bent=0.01),
)
"""Worlds that are worse than what is promised."""


@dataclass(frozen=True)
class Held:
    """How often intervals held the truth in one kind of world.

    Attributes:
        name: the name of the world.
        draws: how many times it was drawn.
        curve: how often the intervals held the curve, at three numbers of images each time.
        forecast: how often the interval at four times the largest number of images did.
        width: the median width of the interval of the forecast, in points.
        labels: how often, in every fifth draw, the interval held the number of images with which the row reaches the
            score that a slower one has with all of its images.
        alike: how often, in every fifth draw, it held the number from which on the two differ by the margin or less.
    """

    name: str
    draws: int
    curve: int
    forecast: int
    width: float
    labels: int
    alike: int

    def coverage(self) -> dict[str, tuple[int, int]]:
        """The counts by what they are of, each with the number of trials."""
        every = -(-self.draws // EVERY)
        counts = {"curve": (self.curve, 3 * self.draws), "forecast": (self.forecast, self.draws)}
        return counts | {"labels": (self.labels, every), "alike": (self.alike, every)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the worlds and print the coverage of each interval.

    Returns:
        The exit status: 0 if no coverage of a promised world is shown to be below what is promised.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--draws", type=int, default=DRAWS, metavar="N", help="draws of each world (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print plain data for programs")
    options = parser.parse_args(arguments)
    found = {kind: [held(world, options.draws) for world in of] for kind, of in
             (("promised", WORLDS), ("beyond", BEYOND))}  # fmt: skip
    if options.json:
        print(json.dumps({kind: [dataclasses.asdict(one) for one in of] for kind, of in found.items()}, indent=1))
    else:
        for kind, of in found.items():
            print(f"{kind}: how often intervals of 95 % hold the truth, of {options.draws} draws")
            for one in of:
                print(f"  {one.name}: {_told(one)}; the forecast's interval is {one.width:.2f} points wide")
    low = [wilson(*count)[1] < PROMISED for one in found["promised"] for count in one.coverage().values()]
    return int(any(low))


def _told(one: Held) -> str:
    texts = []
    for name, (hits, trials) in one.coverage().items():
        low, high = wilson(hits, trials)
        texts.append(f"{name} {hits / trials:.1%} ({low:.1%} to {high:.1%})")
    return ", ".join(texts)


def held(world: World, draws: int) -> Held:
    """Count how often the intervals of fitted curves hold the truth.

    Args:
        world: the world that is drawn. Its second row has the same limit, and twice the scale.
        draws: how many times it is drawn.
    """
    limit, scale, exponent = world.parameters
    slower = dataclasses.replace(world, parameters=(limit, 2 * scale, exponent))
    numbers = np.array(world.numbers, dtype=np.float64)
    asked = np.array([numbers[0], math.sqrt(numbers[0] * numbers[-1]), numbers[-1], AHEAD * numbers[-1]])
    truth = world.truth(asked)
    reach, alike = _true_labels(slower, world, numbers)
    generator = np.random.default_rng(0)
    counts, widths = [0, 0, 0, 0], []
    for number in range(draws):
        first, second = (fit(numbers, one.draw(generator)) for one in (world, slower))
        band = first.band(asked)
        within = _within(band.low, truth, band.high)
        widths.append(100 * float(band.high[-1] - band.low[-1]))
        counts[0] += int(within[:-1].sum())
        counts[1] += int(within[-1])
        if number % EVERY == 0:
            counts[2] += _holds(labels_to_reach(first, second), reach)
            counts[3] += _holds(labels_until_alike(first, second, MARGIN), alike)
    curve, ahead_of, labels, until = counts
    return Held(world.name, draws, curve, ahead_of, float(np.median(widths)), labels, until)


def _true_labels(slower: World, world: World, numbers: Array) -> tuple[float, float]:
    """With how many images the row reaches the final score of the slower one, and from which on they are alike."""
    fine = np.geomspace(numbers[0], numbers[-1], 20001)
    reached = world.truth(fine) >= slower.truth(numbers[-1:])[0]
    apart = np.abs(world.truth(fine) - slower.truth(fine)) > MARGIN
    reach = -math.inf if reached[0] else float(fine[reached.argmax()]) if reached.any() else math.inf
    if apart[-1]:
        return reach, math.inf
    return reach, float(fine[len(fine) - apart[::-1].argmax()]) if apart.any() else -math.inf


def _within(low: Array, truth: Array, high: Array) -> NDArray[np.bool_]:
    return (low - 1e-9 <= truth) & (truth <= high + 1e-9)


def _holds(labels: Labels, truth: float) -> int:
    return int(labels.low <= truth <= labels.high)


if __name__ == "__main__":
    sys.exit(main())
