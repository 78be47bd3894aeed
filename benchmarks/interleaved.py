"""Timing contenders in turns, so that what else the machine does hits all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

Told = TypeVar("Told")

Contender = Callable[[], int]
"""Does a piece of work and returns how many items it was."""


def turns(contenders: Mapping[str, Callable[[], Told]], rounds: int) -> dict[str, list[Told]]:
    """What each contender says of itself in each round; a round before the first one warms up and does not count."""
    found: dict[str, list[Told]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            said = contender()
            if number:
                found[name].append(said)
    return found


def rates(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Items per second of each contender in each round."""
    return turns({name: partial(_rate, contender) for name, contender in contenders.items()}, rounds)


def _rate(contender: Contender) -> float:
    start = time.perf_counter()
    return contender() / (time.perf_counter() - start)


def words(subject: str, found: list[dict[str, Any]]) -> str:
    """Comparisons as a table of texts: name, both speeds, ratio, target, unit."""
    width = max(len(one["name"]) for one in found) + 2
    lines = [f"{subject}; {found[0]['machine']}, {time.strftime('%Y-%m-%d')}", ""]
    lines += [f"{'':{width}}{'ours':>10}{'peer':>10}{'ratio':>9}{'at least':>10}  unit"]
    for one in found:
        speeds = f"{one['ours']:10.3f}{one['peer']:10.3f}{one['ratio']:9.1f}{one['target']:10.0f}"
        lines.append(f"{one['name']:{width}}{speeds}  {one['unit']}")
    return "\n".join(lines)


def ratio(found: Mapping[str, list[float]], name: str, peer: str) -> float:
    """Median over the rounds of how many times faster a contender is than its peer."""
    return statistics.median(ours / theirs for ours, theirs in zip(found[name], found[peer], strict=True))
