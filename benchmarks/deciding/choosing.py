"""Ways to choose an arm: the race, a plain grid with the same test, successive halving, and always the same source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from analysis.decision import SHARE, Rules, full_grid, standing
from benchmarks.deciding.finished import Array, Drawn
from benchmarks.decisions import told

MARGIN, LEVEL = 0.01, 0.05
"""As in ``Rules`` by default."""


@dataclass(frozen=True)
class Outcome:
    """Of one comparison.

    Attributes:
        false: whether anything that was claimed is false.
        settled: whether it was said what to start from.
        right: whether the arm that leads in the end is within the margin of the best one.
        regret: by how much its mean is below the best one's.
        kept: share of the arms within the margin of which it was not said that another one is better by more.
        cost: runs, those of the tuning among them, as a share of the full grid's.
    """

    false: bool
    settled: bool
    right: bool
    regret: float
    kept: float
    cost: float


class Way(Protocol):
    """To choose an arm."""

    def choose(self, drawn: Drawn) -> Outcome:
        """What comes of it in a comparison."""
        ...


@dataclass(frozen=True)
class Race:
    """As `medtransfer compare` chooses.

    Attributes:
        share: of the full grid that it may take at most.
        margin: as in ``Rules``.
        level: as in ``Rules``.
    """

    share: float = SHARE
    margin: float = MARGIN
    level: float = LEVEL

    def choose(self, drawn: Drawn) -> Outcome:
        """The claims of its looks."""
        return decided(drawn, Rules.of_grid(len(drawn.order), drawn.rates, self.margin, self.level, self.share))


@dataclass(frozen=True)
class Grid:
    """So many runs of each arm, and the same test of them all, once.

    Attributes:
        seeds: of each arm.
    """

    seeds: int

    def choose(self, drawn: Drawn) -> Outcome:
        """The claims of the one look."""
        return decided(drawn, Rules(MARGIN, LEVEL, (self.seeds,)))


def decided(drawn: Drawn, rules: Rules) -> Outcome:
    """What may be claimed by such rules."""
    found = standing({arm: scores.tolist() for arm, scores in drawn.test.items()}, drawn.order, rules)
    one = told(found, dict(drawn.means), rules)
    assert found.leader is not None  # there are runs enough for the first look
    regret, cost = drawn.short(found.leader), share_of_grid(drawn, one["runs"])
    return Outcome(one["false"], one["settled"], one["right"], regret, one["kept"], cost)


@dataclass(frozen=True)
class Halving:
    """Successive halving on validation, which has no test of what it says.

    Karnin et al. 2013, algorithm 1 (https://proceedings.mlr.press/v28/karnin13.html): as many rounds as halvings lead
    to one arm, the runs in equal parts over the rounds, and in each the half with the lower mean is dropped. An arm has
    one run or more in each round; its mean is over all of its rounds.

    Attributes:
        each: runs after the tuning, per arm that there is; 0: what did best in the tuning is chosen.
    """

    each: int

    def choose(self, drawn: Drawn) -> Outcome:
        """The last arm, of which it is claimed that one may start from it."""
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
    """One source whatever the data, tuned but not compared.

    Attributes:
        source: its name.
    """

    source: str

    def choose(self, drawn: Drawn) -> Outcome:
        """It costs its own tuning alone."""
        return taken(drawn, self.source, drawn.rates - len(drawn.order) * drawn.rates)


def taken(drawn: Drawn, arm: str, runs: int) -> Outcome:
    """An arm that is started from, without a test."""
    regret = drawn.short(arm)
    return Outcome(regret > MARGIN, True, regret <= MARGIN, regret, 1.0, share_of_grid(drawn, runs))


def share_of_grid(drawn: Drawn, runs: int) -> float:
    """Runs after the tuning, with those of the tuning, as a share of the full grid's."""
    arms = len(drawn.order)
    return (arms * drawn.rates + runs) / full_grid(arms, drawn.rates)


def _first(scores: Array, runs: int) -> Array:
    if runs > len(scores):
        raise ValueError(f"expected {runs} runs of an arm, found {len(scores)}")
    return scores[:runs]
