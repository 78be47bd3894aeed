"""Timing contenders in turns, so that other load of the machine affects all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

Told = TypeVar("Told")

Contender = Callable[[], int]
"""A function that does a piece of work and returns the number of items that it did."""


def turns(contenders: Mapping[str, Callable[[], Told]], rounds: int) -> dict[str, list[Told]]:
    """The results of each contender in each round; a round for warming up comes first and does not count."""
    results: dict[str, list[Told]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            said = contender()
            if number:
                results[name].append(said)
    return results


def rates(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """The items per second of each contender in each round."""
    return turns({name: partial(_rate, contender) for name, contender in contenders.items()}, rounds)


def _rate(contender: Contender) -> float:
    start = time.perf_counter()
    return contender() / (time.perf_counter() - start)


def words(subject: str, comparisons: list[dict[str, Any]]) -> str:
    """The comparisons as a table of text: name, both speeds, ratio, target and unit."""
    width = max(len(row["name"]) for row in comparisons) + 2
    lines = [f"{subject}; {comparisons[0]['machine']}, {time.strftime('%Y-%m-%d')}", ""]
    lines += [f"{'':{width}}{'ours':>10}{'peer':>10}{'ratio':>9}{'at least':>10}  unit"]
    for row in comparisons:
        speeds = f"{row['ours']:10.3f}{row['peer']:10.3f}{row['ratio']:9.1f}{row['target']:10.0f}"
        lines.append(f"{row['name']:{width}}{speeds}  {row['unit']}")
    return "\n".join(lines)


def ratio(speeds: Mapping[str, list[float]], name: str, peer: str) -> float:
    """How many times faster a contender is than its peer, as the median over the rounds."""
    return statistics.median(ours / theirs for ours, theirs in zip(speeds[name], speeds[peer], strict=True))
