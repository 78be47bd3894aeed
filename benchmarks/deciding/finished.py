"""Worlds of finished fine-tunings: arms are sources, and runs are drawn from the finished runs at a learning rate.

A file has a line per finished run with the columns ``target, source, lr, momentum, validation_auc, test_auc``; others
are not read. AUCs are in [0, 1], and a line without one is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from experiments.ledger.finished_runs import finished_lines
from specs.errors import DataError

Array = NDArray[np.float64]

FILE = "sources.csv.gz"
"""The name of the file in the folder of data."""

COLUMNS = ("target", "source", "lr", "momentum", "validation_auc", "test_auc")

LOWEST, HIGHEST, MOMENTUM = 9e-4, 0.11, 0.9
"""The range of learning rates and the momentum whose runs count, as in a recipe that is tuned with three rates."""

RUNS = 40
"""The number of runs of each arm in a comparison, more than any way to choose asks for."""

NEAREST = 1e-4
"""The smallest distance of AUCs to 0 and 1 that is assumed, so that their logits are finite."""

LEAST = 1e-3
"""The smallest standard deviation on the logit scale that is assumed, since runs of one setting vary too."""


class Pool(Protocol):
    """The distribution of the scores of an arm's runs at a learning rate."""

    @property
    def mean(self) -> float:
        """The true mean of the test scores."""
        ...

    def draw(self, generator: np.random.Generator, runs: int) -> Array:
        """Draw the validation and test scores of some runs, (2, runs)."""
        ...


@dataclass(frozen=True)
class Fitted:
    """A normal distribution on the logit scale, fitted to finished runs.

    Attributes:
        means: the means of validation and test scores, on the logit scale.
        spreads: the standard deviations of validation and test scores, on the logit scale.
        correlation: the correlation between validation and test scores, on the logit scale.
    """

    means: tuple[float, float]
    spreads: tuple[float, float]
    correlation: float

    @cached_property
    def mean(self) -> float:
        """The true mean of the test scores, by Gauss-Hermite quadrature with 61 nodes."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(61)
        return float((special.expit(self.means[1] + self.spreads[1] * nodes) * weights).sum() / weights.sum())

    def draw(self, generator: np.random.Generator, runs: int) -> Array:
        """Draw the validation and test scores of some runs, correlated as in the finished ones, (2, runs)."""
        test, other = generator.standard_normal((2, runs))
        validation = self.correlation * test + np.sqrt(1 - self.correlation**2) * other
        noise = np.stack([validation, test])
        scores: Array = special.expit(np.array(self.means)[:, None] + np.array(self.spreads)[:, None] * noise)
        return scores


@dataclass(frozen=True, eq=False)
class Finished:
    """The finished runs themselves, drawn with replacement.

    Attributes:
        scores: (2, runs), the validation and the test scores.
    """

    scores: Array

    @cached_property
    def mean(self) -> float:
        """The mean test score of all finished runs."""
        return float(self.scores[1].mean())

    def draw(self, generator: np.random.Generator, runs: int) -> Array:
        """Draw the validation and test scores of some finished runs with replacement, (2, runs)."""
        return self.scores[:, generator.integers(self.scores.shape[1], size=runs)]


@dataclass(frozen=True)
class Reading:
    """A reading of the file, in which settings stand for the seeds of runs, which the file does not have.

    Attributes:
        name: the name of the reading, in words.
        fitted: whether runs are drawn from fitted normal distributions; otherwise they are drawn from the finished
            ones.
        all_settings: whether runs with another momentum count too.
        without: a source that is left out; empty: all sources count.
    """

    name: str
    fitted: bool = True
    all_settings: bool = False
    without: str = ""


READINGS = (
    Reading("fitted"),
    Reading("fitted, without ImageNet", without="imagenet"),
    Reading("finished runs", fitted=False),
    Reading("all settings", fitted=False, all_settings=True),
)
"""All readings; targets are set for the first one, and the last one is a stress test."""

World = Mapping[str, Mapping[float, Pool]]
"""The pool of runs of each arm at each learning rate."""


def read(folder: Path) -> list[dict[str, str]]:
    """All lines of the file in a folder.

    Raises:
        DataError: if the file or a column is missing.
    """
    file = folder / FILE
    if not file.is_file():
        raise DataError(f"{file}: expected finished runs, found no such file; give the folder that holds it.")
    return finished_lines(file, COLUMNS)


def worlds(lines: Sequence[Mapping[str, str]], reading: Reading) -> dict[str, World]:
    """A world per target, in alphabetical order of targets and arms."""
    runs_by_target: dict[str, dict[str, dict[float, list[tuple[float, float]]]]] = {}
    for line in lines:
        rate, validation, test = float(line["lr"]), line["validation_auc"], line["test_auc"]
        counts = LOWEST <= rate <= HIGHEST and (reading.all_settings or float(line["momentum"]) == MOMENTUM)
        if counts and validation and test and line["source"] != reading.without:
            arms = runs_by_target.setdefault(line["target"], {}).setdefault(line["source"], {})
            arms.setdefault(rate, []).append((float(validation), float(test)))
    return {
        target: {
            arm: {rate: pool(np.array(runs).T, reading.fitted) for rate, runs in sorted(rates.items())}
            for arm, rates in sorted(arms.items())
        }
        for target, arms in sorted(runs_by_target.items())
    }


def pool(scores: Array, fitted: bool) -> Pool:
    """The pool of finished runs with the given validation and test scores, (2, runs)."""
    if not fitted:
        return Finished(scores)
    logits = special.logit(np.clip(scores, NEAREST, 1 - NEAREST))
    spreads = logits.std(axis=1, ddof=1) if scores.shape[1] > 1 else np.zeros(2)
    correlation = float(np.corrcoef(logits)[0, 1]) if spreads.min() > 0 else 0.0
    (validation, test), (validation_spread, test_spread) = logits.mean(axis=1), np.maximum(spreads, LEAST)
    return Fitted((float(validation), float(test)), (float(validation_spread), float(test_spread)), correlation)


@dataclass(frozen=True)
class Drawn:
    """The drawn runs of a comparison, as many as any way to choose may ask for.

    Attributes:
        order: the arms, those with the best score in the tuning first.
        rates: the number of learning rates that each arm was tuned with.
        validation: the validation scores of each arm's runs at its picked rate, in their order.
        test: the test scores of the same runs, in the same order.
        means: the true mean of each arm's test scores at its picked rate.
    """

    order: tuple[str, ...]
    rates: int
    validation: Mapping[str, Array]
    test: Mapping[str, Array]
    means: Mapping[str, float]

    def short(self, arm: str) -> float:
        """How far an arm's true mean is below the highest one."""
        return max(self.means.values()) - self.means[arm]


def draw(world: World, runs: int, seed: Sequence[int]) -> Drawn:
    """Draw a comparison: tune each arm by one run per rate, and draw runs at the rate with the best validation."""
    generator = np.random.default_rng(list(seed))
    tuned, scores, means = {}, {}, {}
    for arm, rates in world.items():
        best = [float(pool_of_rate.draw(generator, 1)[0, 0]) for pool_of_rate in rates.values()]
        picked = list(rates.values())[int(np.argmax(best))]
        tuned[arm], scores[arm], means[arm] = max(best), picked.draw(generator, runs), picked.mean
    order = tuple(sorted(world, key=lambda arm: -tuned[arm]))
    rates_of_each = max(len(rates) for rates in world.values())
    return Drawn(
        order, rates_of_each, {arm: scores[arm][0] for arm in world}, {arm: scores[arm][1] for arm in world}, means
    )
