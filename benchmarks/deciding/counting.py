"""Counts over many comparisons, kept in a file: those of other data, code or settings do not count."""

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
"""What counts depend on."""

SEED = 21
"""Of all draws, with the numbers of the target and the comparison."""

AVERAGED = ("false", "settled", "right", "regret", "kept")
"""Of an outcome."""

Counts = dict[str, Any]


@dataclass
class Counter:
    """Counts in the worlds of a folder.

    Attributes:
        folder: of finished runs.
        file: that counts are read from and appended to; None: nothing is kept.
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
        """One per target."""
        return worlds(self._lines, reading)

    def kept(self, asked: Sequence[object], count: Callable[[], Counts]) -> Counts:
        """A count that was asked for before, or a new one.

        Args:
            asked: says what is counted.
            count: does it.
        """
        key = json.dumps([self._of, *map(str, asked)])
        if key not in self._known:
            self._known[key] = count()
            if self.file:
                append(self.file, {"asked": key, "found": self._known[key]})
        return self._known[key]

    def summaries(self, reading: Reading, ways: Mapping[str, Way], comparisons: int) -> dict[str, dict[str, Counts]]:
        """Of each way, of each target: shares, and each comparison's cost. All ways meet the same comparisons."""
        found: dict[str, dict[str, Counts]] = {name: {} for name in ways}
        for place, (target, world) in enumerate(self.worlds(reading).items()):
            met = cache(partial(_drawn, world, place, comparisons))
            for name, way in ways.items():
                found[name][target] = self.kept((reading, target, way, comparisons), partial(_met, way, met))
        return found


def _drawn(world: World, place: int, comparisons: int) -> list[Drawn]:
    return [draw(world, RUNS, [SEED, place, number]) for number in range(comparisons)]


def _met(way: Way, met: Callable[[], list[Drawn]]) -> Counts:
    return summary([way.choose(drawn) for drawn in met()])


def summary(outcomes: Sequence[Outcome]) -> Counts:
    """Means of what the outcomes say, and all costs with how often they came."""
    costs, times = np.unique([round(one.cost, 6) for one in outcomes], return_counts=True)
    return {name: float(np.mean([getattr(one, name) for one in outcomes])) for name in AVERAGED} | {
        "comparisons": len(outcomes),
        "costs": [[float(cost), int(number)] for cost, number in zip(costs, times, strict=True)],
    }


def together(of_targets: Sequence[Counts]) -> Counts:
    """The mean over targets, each of as many comparisons, and all costs."""
    return {name: float(np.mean([one[name] for one in of_targets])) for name in AVERAGED} | {
        "comparisons": sum(one["comparisons"] for one in of_targets),
        "costs": [pair for one in of_targets for pair in one["costs"]],
    }


def costs(found: Counts) -> tuple[float, float, float]:
    """Mean, median and 90th percentile."""
    values = np.repeat(*map(np.array, zip(*found["costs"], strict=True)))
    return float(values.mean()), float(np.median(values)), float(np.quantile(values, 0.9))
