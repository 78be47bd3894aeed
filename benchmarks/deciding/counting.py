"""Counts over many comparisons, kept in a file by their data, code and settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from analysis import control, decision
from benchmarks import decisions
from benchmarks.deciding import choosing, finished, reliability, twins
from benchmarks.deciding.choosing import Outcome, Way
from benchmarks.deciding.finished import FILE, RUNS, Drawn, Reading, World, draw, read, worlds
from benchmarks.journal import append, entries

CODE = (control, decision, decisions, choosing, finished, reliability, twins)
"""The modules that counts depend on; counts of other versions of them are not used."""

SEED = 21
"""The seed of all draws, together with the numbers of the target and of the comparison."""

AVERAGED = ("false", "settled", "right", "regret", "kept")
"""The attributes of an outcome that are averaged."""

Counts = dict[str, Any]


@dataclass
class Counter:
    """A counter of outcomes in the worlds of a folder.

    Attributes:
        folder: the folder of finished runs.
        file: the file that counts are read from and appended to; None: nothing is kept.
    """

    folder: Path
    file: Path | None = None
    _known: dict[str, Counts] = field(init=False, repr=False)
    _lines: list[dict[str, str]] = field(init=False, repr=False)
    _of: str = field(init=False)

    def __post_init__(self) -> None:
        self._lines = read(self.folder)
        sources = [Path(str(module.__file__)).read_bytes() for module in CODE]
        self._of = hashlib.sha256(b"\0".join([(self.folder / FILE).read_bytes(), *sources])).hexdigest()[:16]
        self._known = {line["asked"]: line["found"] for line in entries(self.file)} if self.file else {}

    def worlds(self, reading: Reading) -> dict[str, World]:
        """The worlds under a reading, one per target."""
        return worlds(self._lines, reading)

    def kept(self, asked: Sequence[object], count: Callable[[], Counts]) -> Counts:
        """A count from the file, or a new one that is appended to it.

        Args:
            asked: values that identify what is counted.
            count: the function that counts it.
        """
        key = json.dumps([self._of, *map(str, asked)])
        if key not in self._known:
            self._known[key] = count()
            if self.file:
                append(self.file, {"asked": key, "found": self._known[key]})
        return self._known[key]

    def summaries(self, reading: Reading, ways: Mapping[str, Way], comparisons: int) -> dict[str, dict[str, Counts]]:
        """The shares and costs of each way for each target; all ways meet the same comparisons."""
        counts: dict[str, dict[str, Counts]] = {name: {} for name in ways}
        for number, (target, world) in enumerate(self.worlds(reading).items()):
            met = cache(partial(_drawn, world, number, comparisons))
            for name, way in ways.items():
                counts[name][target] = self.kept((reading, target, way, comparisons), partial(_met, way, met))
        return counts


def _drawn(world: World, target_number: int, comparisons: int) -> list[Drawn]:
    return [draw(world, RUNS, [SEED, target_number, number]) for number in range(comparisons)]


def _met(way: Way, met: Callable[[], list[Drawn]]) -> Counts:
    return summary([way.choose(drawn) for drawn in met()])


def summary(outcomes: Sequence[Outcome]) -> Counts:
    """The means of the outcomes' attributes, and all costs with their frequencies."""
    costs, times = np.unique([round(outcome.cost, 6) for outcome in outcomes], return_counts=True)
    return {name: float(np.mean([getattr(outcome, name) for outcome in outcomes])) for name in AVERAGED} | {
        "comparisons": len(outcomes),
        "costs": [[float(cost), int(number)] for cost, number in zip(costs, times, strict=True)],
    }


def together(of_targets: Sequence[Counts]) -> Counts:
    """The mean over targets, which have equal numbers of comparisons, and all costs."""
    return {name: float(np.mean([counts[name] for counts in of_targets])) for name in AVERAGED} | {
        "comparisons": sum(counts["comparisons"] for counts in of_targets),
        "costs": [pair for counts in of_targets for pair in counts["costs"]],
    }


def costs(counts: Counts) -> tuple[float, float, float]:
    """The mean, the median and the 90th percentile of the costs."""
    values = np.repeat(*map(np.array, zip(*counts["costs"], strict=True)))
    return float(values.mean()), float(np.median(values)), float(np.quantile(values, 0.9))
