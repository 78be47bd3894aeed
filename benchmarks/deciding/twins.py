"""Twins: two arms of the same source, so that any difference found between them is a false alarm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.control import differ
from analysis.decision import Rules, standing
from benchmarks.deciding.choosing import LEVEL
from benchmarks.deciding.finished import World

RUNS = (2, 3, 5, 10, 20)
"""The numbers of runs of each twin that the control's test is tried with."""


def alarms(world: World, seed: Sequence[int]) -> dict[str, bool]:
    """Whether tests find a difference between the twins of a source that is drawn at random.

    Returns:
        The alarms by name. ``N runs``: of the control's test, at the rate that one tuning picks for both. ``race``: of
        a race of both at margin 0, whether one is claimed to be better, or to be the only one to start from.
        ``N runs, own rates``: of the control's test where each twin is tuned separately, so that their rates may truly
        differ.
    """
    generator = np.random.default_rng(list(seed))
    arms = list(world.values())
    rates = list(arms[int(generator.integers(len(arms)))].values())

    def picked() -> int:
        return int(np.argmax([pool_of_rate.draw(generator, 1)[0, 0] for pool_of_rate in rates]))

    common = picked()
    first, second = (rates[common].draw(generator, RUNS[-1])[1] for _ in range(2))
    alarm = {f"{runs} runs": differ(list(first[:runs]), list(second[:runs]), LEVEL).found for runs in RUNS}
    rules = Rules.of_grid(2, len(rates), margin=0.0)
    raced = standing({"first": first, "second": second}, ["first", "second"], rules)
    alarm["race"] = bool(raced.worse) or len(raced.start) == 1
    first_own, second_own = (rates[picked()].draw(generator, 10)[1] for _ in range(2))
    return alarm | {
        f"{runs} runs, own rates": differ(first_own[:runs], second_own[:runs], LEVEL).found for runs in (3, 10)
    }
