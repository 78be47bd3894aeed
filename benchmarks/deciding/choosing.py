"""Ways to choose an arm: the race, a plain grid with the same test, successive halving, and always the same source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from analysis.decision import SHARE, Rules, full_grid, standing
from benchmarks.deciding.finished import Array, Drawn
from benchmarks.decisions import told

MARGIN, LEVEL = 0.01, 0.05
"""The margin and the level, as in ``Rules`` by default."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one comparison.

    Attributes:
        false: whether any claim is false.
        settled: whether it was claimed what to start from.
        right: whether the arm that leads in the end is within the margin of the best one.
        regret: how far the leading arm's true mean is below the best one's, from 0.
        kept: the share of the arms within the margin for which it was not claimed that another one is better by more.
        cost: the number of runs, those of the tuning included, as a share of the full grid's.
    """

    false: bool
    settled: bool
    right: bool
    regret: float
    kept: float
    cost: float


class Way(Protocol):
    """A way to choose an arm."""

    def choose(self, drawn: Drawn) -> Outcome:
        """Choose an arm from the drawn runs of a comparison, and say what came of it."""
        ...


@dataclass(frozen=True)
class Race:
    """The race by which `medtransfer compare` chooses.

    Attributes:
        share: the largest share of the full grid's runs that it may take.
        margin: the margin of the claims, as in ``Rules``.
        level: the level of all claims together, as in ``Rules``.
    """

    share: float = SHARE
    margin: float = MARGIN
    level: float = LEVEL

    def choose(self, drawn: Drawn) -> Outcome:
        """The outcome of the claims at all looks of the race."""
        return decided(drawn, Rules.of_grid(len(drawn.order), drawn.rates, self.margin, self.level, self.share))


@dataclass(frozen=True)
class Grid:
    """A plain grid: the same number of runs of each arm, and a single look at all of them with the race's tests.

    Attributes:
        seeds: the number of runs of each arm.
    """

    seeds: int

    def choose(self, drawn: Drawn) -> Outcome:
        """The outcome of the claims at the single look."""
        return decided(drawn, Rules(MARGIN, LEVEL, (self.seeds,)))


def decided(drawn: Drawn, rules: Rules) -> Outcome:
    """The outcome of a race by the given rules."""
    outcome = standing({arm: scores.tolist() for arm, scores in drawn.test.items()}, drawn.order, rules)
    counts = told(outcome, dict(drawn.means), rules)
    assert outcome.leader is not None  # there are runs enough for the first look
    regret, cost = drawn.short(outcome.leader), share_of_grid(drawn, counts["runs"])
    return Outcome(counts["false"], counts["settled"], counts["right"], regret, counts["kept"], cost)


@dataclass(frozen=True)
class Halving:
    """Successive halving by validation scores, which has no test of what it claims.

    Source: Karnin et al. 2013, algorithm 1 (https://proceedings.mlr.press/v28/karnin13.html). There are as many rounds
    as halvings lead to one arm, with an equal part of the runs each, and each drops the half of the arms with the lower
    mean. An arm has at least one run in each round; its mean is over all of its rounds.

    Attributes:
        each: the number of runs after the tuning per arm at the start; 0: the arm that did best in the tuning is
            chosen.
    """

    each: int

    def choose(self, drawn: Drawn) -> Outcome:
        """The outcome of claiming that one may start from the last arm that is left."""
        left, had, spent = list(drawn.order), 0, 0
        runs, rounds = self.each * len(left), math.ceil(math.log2(len(left))) if self.each else 0
        for _ in range(rounds):
            more = max(1, runs // (rounds * len(left)))
            had, spent = had + more, spent + more * len(left)
            means = {arm: float(_first(drawn.validation[arm], had).mean()) for arm in left}
            left = sorted(left, key=lambda arm: -means[arm])[: math.ceil(len(left) / 2)]
        return taken(drawn, left[0], spent)


@dataclass(frozen=True)
class Always:
    """The same source for all data, tuned but not compared with others.

    Attributes:
        source: the name of the source that is always chosen.
    """

    source: str

    def choose(self, drawn: Drawn) -> Outcome:
        """The outcome of the source, which costs nothing but its own tuning."""
        return taken(drawn, self.source, drawn.rates - len(drawn.order) * drawn.rates)


def taken(drawn: Drawn, arm: str, runs: int) -> Outcome:
    """The outcome of claiming, without a test, that one may start from an arm."""
    regret = drawn.short(arm)
    return Outcome(regret > MARGIN, True, regret <= MARGIN, regret, 1.0, share_of_grid(drawn, runs))


def share_of_grid(drawn: Drawn, runs: int) -> float:
    """The runs after the tuning together with those of the tuning, as a share of the full grid's."""
    arms = len(drawn.order)
    return (arms * drawn.rates + runs) / full_grid(arms, drawn.rates)


def _first(scores: Array, runs: int) -> Array:
    if runs > len(scores):
        raise ValueError(f"expected {runs} runs of an arm, found {len(scores)}")
    return scores[:runs]
