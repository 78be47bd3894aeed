"""Twins: two arms of one source, so that whatever is found between them is a false alarm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.control import differ
from analysis.decision import Rules, standing
from benchmarks.deciding.choosing import LEVEL
from benchmarks.deciding.finished import World

RUNS = (2, 3, 5, 10, 20)
"""Of each twin, that the control's test is asked with."""


def alarms(world: World, seed: Sequence[int]) -> dict[str, bool]:
    """What is found between the twins of a source, which is drawn at random.

    Returns:
        Of the control's test by its number of runs, at the rate that one tuning picks for both; of a race of both at
        margin 0, whether one is claimed better, or alone claimed to be what one may start from; and of the test where
        each twin has a tuning of its own, so that they may differ indeed: by their rates.
    """
    generator = np.random.default_rng(list(seed))
    arms = list(world.values())
    rates = list(arms[int(generator.integers(len(arms)))].values())

    def picked() -> int:
        return int(np.argmax([of.draw(generator, 1)[0, 0] for of in rates]))

    common = picked()
    first, second = (rates[common].draw(generator, RUNS[-1])[1] for _ in range(2))
    found = {f"{runs} runs": differ(list(first[:runs]), list(second[:runs]), LEVEL).found for runs in RUNS}
    rules = Rules.of_grid(2, len(rates), margin=0.0)
    raced = standing({"first": first, "second": second}, ["first", "second"], rules)
    found["race"] = bool(raced.worse) or len(raced.start) == 1
    one, other = (rates[picked()].draw(generator, 10)[1] for _ in range(2))
    return found | {f"{runs} runs, own rates": differ(one[:runs], other[:runs], LEVEL).found for runs in (3, 10)}
