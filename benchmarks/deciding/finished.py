"""Worlds of finished fine-tunings: arms are sources, a run is drawn as those at one learning rate fell out.

A file has a line per finished run: ``target, source, lr, momentum, validation_auc, test_auc`` and others that do not
matter here; AUCs are in [0, 1], and a line without one does not count.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from specs.errors import DataError

Array = NDArray[np.float64]

FILE = "sources.csv.gz"
"""In the folder of data."""

COLUMNS = ("target", "source", "lr", "momentum", "validation_auc", "test_auc")

LOWEST, HIGHEST, MOMENTUM = 9e-4, 0.11, 0.9
"""Learning rates and the momentum whose runs count: those of a recipe that one would tune by three rates."""

RUNS = 40
"""Of each arm in a comparison, more than any way to choose asks for."""

NEAREST = 1e-4
"""AUCs are held to be no nearer to 0 and 1 than that, so that their logits are finite."""

LEAST = 1e-3
"""Standard deviation on the logit scale, at least: runs of one setting vary too."""


class Pool(Protocol):
    """How runs of an arm at a learning rate fall out."""

    @property
    def mean(self) -> float:
        """The true mean of the test scores."""
        ...

    def draw(self, generator: np.random.Generator, runs: int) -> Array:
        """Validation and test scores, (2, runs)."""
        ...


@dataclass(frozen=True)
class Fitted:
    """Normal on the logit scale, as finished runs are.

    Attributes:
        means: of validation and test.
        spreads: of validation and test.
        correlation: of both.
    """

    means: tuple[float, float]
    spreads: tuple[float, float]
    correlation: float

    @cached_property
    def mean(self) -> float:
        """By Gauss-Hermite quadrature with 61 nodes."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(61)
        return float((special.expit(self.means[1] + self.spreads[1] * nodes) * weights).sum() / weights.sum())

    def draw(self, generator: np.random.Generator, runs: int) -> Array:
        """Scores of a run are correlated as those of the finished ones are."""
        test, other = generator.standard_normal((2, runs))
        validation = self.correlation * test + np.sqrt(1 - self.correlation**2) * other
        noise = np.stack([validation, test])
        found: Array = special.expit(np.array(self.means)[:, None] + np.array(self.spreads)[:, None] * noise)
        return found


@dataclass(frozen=True, eq=False)
class Finished:
    """The finished runs themselves, drawn with replacement.

    Attributes:
        scores: (2, runs) of validation and test.
    """

    scores: Array

    @cached_property
    def mean(self) -> float:
        """That of all."""
        return float(self.scores[1].mean())

    def draw(self, generator: np.random.Generator, runs: int) -> Array:
        """Any of them, as often as it comes."""
        return self.scores[:, generator.integers(self.scores.shape[1], size=runs)]


@dataclass(frozen=True)
class Reading:
    """What is taken for a run's seed, where the file has settings.

    Attributes:
        name: in words.
        fitted: whether runs are drawn from normal distributions; else from the finished ones.
        all_settings: whether those with another momentum count too.
        without: a source that is left out; empty: none.
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
"""The first one is the gate, the last one the stress test."""

World = Mapping[str, Mapping[float, Pool]]
"""Arms, and of each the pool of each learning rate."""


def read(folder: Path) -> list[dict[str, str]]:
    """All lines.

    Raises:
        DataError: if the file or a column is not there.
    """
    file = folder / FILE
    if not file.is_file():
        raise DataError(f"{file}: expected finished runs, found no such file; give the folder that holds it.")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as opened:
        lines = list(csv.DictReader(opened))
    if missing := set(COLUMNS) - set(lines[0] if lines else ()):
        raise DataError(
            f"{file}: expected the columns {', '.join(COLUMNS)}, found none named {', '.join(sorted(missing))}; "
            "rename its columns, or give another file."
        )
    return lines


def worlds(lines: Sequence[Mapping[str, str]], reading: Reading) -> dict[str, World]:
    """A world per target, in alphabetical order of targets and arms."""
    found: dict[str, dict[str, dict[float, list[tuple[float, float]]]]] = {}
    for line in lines:
        rate, validation, test = float(line["lr"]), line["validation_auc"], line["test_auc"]
        counts = LOWEST <= rate <= HIGHEST and (reading.all_settings or float(line["momentum"]) == MOMENTUM)
        if counts and validation and test and line["source"] != reading.without:
            arms = found.setdefault(line["target"], {}).setdefault(line["source"], {})
            arms.setdefault(rate, []).append((float(validation), float(test)))
    return {
        target: {
            arm: {rate: pool(np.array(runs).T, reading.fitted) for rate, runs in sorted(rates.items())}
            for arm, rates in sorted(arms.items())
        }
        for target, arms in sorted(found.items())
    }


def pool(scores: Array, fitted: bool) -> Pool:
    """Of finished runs, (2, runs)."""
    if not fitted:
        return Finished(scores)
    logits = special.logit(np.clip(scores, NEAREST, 1 - NEAREST))
    spreads = logits.std(axis=1, ddof=1) if scores.shape[1] > 1 else np.zeros(2)
    correlation = float(np.corrcoef(logits)[0, 1]) if spreads.min() > 0 else 0.0
    (validation, test), (one, other) = logits.mean(axis=1), np.maximum(spreads, LEAST)
    return Fitted((float(validation), float(test)), (float(one), float(other)), correlation)


@dataclass(frozen=True)
class Drawn:
    """A comparison's runs, all that any way to choose may ask for.

    Attributes:
        order: arms by their best score in the tuning.
        rates: how many each was tuned with.
        validation: of each arm's runs at its picked rate, in their order.
        test: likewise.
        means: true ones of the test scores at the picked rates.
    """

    order: tuple[str, ...]
    rates: int
    validation: Mapping[str, Array]
    test: Mapping[str, Array]
    means: Mapping[str, float]

    def short(self, arm: str) -> float:
        """By how much its mean is below the highest one."""
        return max(self.means.values()) - self.means[arm]


def draw(world: World, runs: int, seed: Sequence[int]) -> Drawn:
    """Tune each arm by a run at each rate, whose validation score picks the rate, then run it with other seeds."""
    generator = np.random.default_rng(list(seed))
    tuned, scores, means = {}, {}, {}
    for arm, rates in world.items():
        best = [float(of.draw(generator, 1)[0, 0]) for of in rates.values()]
        picked = list(rates.values())[int(np.argmax(best))]
        tuned[arm], scores[arm], means[arm] = max(best), picked.draw(generator, runs), picked.mean
    order = tuple(sorted(world, key=lambda arm: -tuned[arm]))
    rates_of_each = max(len(rates) for rates in world.values())
    return Drawn(
        order, rates_of_each, {arm: scores[arm][0] for arm in world}, {arm: scores[arm][1] for arm in world}, means
    )
