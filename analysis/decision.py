"""The decision of a race: which of several arms to start from, and which arms need more runs before that can be said.

An arm is a source of weights; each of its runs gives one score. Three claims can be made, each with a margin d:

- *start from A*: no other arm's mean is higher than A's by more than d,
- *A and B are equal*: *start from* is claimed for both, so that their means differ by at most d,
- *not A*: another arm's mean is higher than A's by more than d.

Each rests on one-sided Welch tests of two arms (Welch 1947, https://doi.org/10.2307/2332510). *Start from A* is claimed
only if the tests of all other arms against A reject, which is an intersection-union test (Berger 1982,
https://doi.org/10.2307/1267823): if B is better by more than the margin, the claim needs a false rejection of that one
pair, so that a pair's level is not divided by the number of arms. It is divided over the candidates A, with the largest
part for those that did best in the tuning, and over the looks. *Not A* has a part of the level of its own, divided over
A and B. So the probability of any false claim, at any look, is at most the level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.differences import Contrasts, Moments, OverPatients, contrasts, moments

Array = NDArray[np.float64]

STEEPNESS = 1.5
"""How much larger the part of the level is for arms that did well in the tuning: see ``Rules.steepness``."""

STARTING = 0.9
"""The share of the level that is spent on claims *start from A*; the rest is spent on claims *not A*."""

LAST = 0.3
"""The share of the level that is spent at the last look; the other looks have equal parts of the rest."""

SEEDS = 10
"""The number of runs of each arm in the full grid, which a race is compared with."""

SHARE = 0.7
"""The largest share of the full grid's runs that a race takes by default."""

REJECTING = 3
"""The number of runs that *not A* needs: if one run in twelve collapses, both first runs of an arm do in one of 144."""


@dataclass(frozen=True)
class Rules:
    """The rules of a race, which are fixed before the first look at test scores.

    Attributes:
        margin: the largest difference that does not matter, in the scores' unit.
        level: the probability of any false claim that is accepted, over all claims together, in (0, 1).
        looks: the numbers of runs per arm at which scores are looked at, ascending, the first 2 or more.
        most: the largest number of runs of all arms together; a look that needs more is not made. None: no limit.
        steepness: how much the order of the tuning counts: the part of the level for an arm of rank r is in proportion
            to r to the power of minus this. 0 gives all arms equal parts, as where no tuning has ordered them.
        step: the distance between two neighbouring scores, such as 1 / (3 x 40) for an AUROC over 3 and 40 images; 0:
            the scores are as good as continuous.
    """

    margin: float = 0.01
    level: float = 0.05
    looks: tuple[int, ...] = (2, 3, 4, 6, 9, 13, 20)
    most: int | None = None
    steepness: float = STEEPNESS
    step: float = 0.0

    def __post_init__(self) -> None:
        ascending = all(earlier < later for earlier, later in zip(self.looks, self.looks[1:], strict=False))
        valid_looks = self.looks and self.looks[0] >= 2 and ascending
        if not valid_looks or self.margin < 0 or not 0 < self.level < 1 or self.steepness < 0:
            raise ValueError(
                "expected a margin of 0 or more, a level in (0, 1), a steepness of 0 or more and ascending looks from 2"
                f" runs, found {self.margin:g}, {self.level:g}, {self.steepness:g}, {', '.join(map(str, self.looks))}"
            )

    @classmethod
    def of_grid(cls, arms: int, rates: int, margin: float = 0.01, level: float = 0.05, share: float = SHARE) -> Rules:
        """The rules of a race that takes at most a share of the full grid's runs, those of the tuning included.

        Args:
            arms: the number of arms.
            rates: the number of learning rates that each arm is tuned with, by one run each.
            margin: as in the class ``Rules``.
            level: as in the class ``Rules``.
            share: the share of the runs of ``full_grid`` that the race may take, in (0, 1].

        Raises:
            ValueError: if these runs do not suffice for the first look.
        """
        most = int(share * full_grid(arms, rates) + 1e-9) - arms * rates
        if most < cls.looks[0] * arms:
            raise ValueError(
                f"{share:.0%} of the full grid of {arms} arms and {rates} rates leave {most} runs after the tuning, "
                f"too few for {cls.looks[0]} of each arm: expected a larger share or fewer rates"
            )
        return cls(margin, level, most=most)

    def spent(self, number: int) -> float:
        """The share of the level that is spent at a look, given its number from 0."""
        others = len(self.looks) - 1
        return 1.0 if not others else LAST if number == others else (1 - LAST) / others

    def levels(self, number: int, at: NDArray[np.intp], arms: int) -> tuple[Array, Array]:
        """The levels of a look's tests of two arms.

        Args:
            number: the number of the look, from 0.
            at: the ranks in the tuning, from 0, of the arms that take part in the look.
            arms: the number of all arms.

        Returns:
            Two arrays like ``at``, with a level for each arm: that of the tests of *start from* this arm, against each
            other one; and that of the tests of *not* another arm because this one is better, which is 0 before the
            runs that *not A* needs.
        """
        weights = (1.0 + at) ** -self.steepness / ((1.0 + np.arange(arms)) ** -self.steepness).sum()
        level = self.level * self.spent(number)
        rejecting = (1 - STARTING) * level / arms if self.looks[number] >= REJECTING else 0.0
        return STARTING * level * weights, rejecting * weights


def full_grid(arms: int, rates: int) -> int:
    """The number of runs of the full grid: each arm once per learning rate, then ``SEEDS`` times at its best one."""
    return arms * (rates + SEEDS)


Patients = Callable[[Sequence[str], int], OverPatients]
"""A function of arms' names and a number of runs n.

It says how much the means of the arms' first n runs would vary with other test patients.
"""


@dataclass(frozen=True)
class Interval:
    """An interval for how much higher an arm's mean is than another one's, in the scores' unit.

    Attributes:
        low: the bound of the claim that the difference is larger; minus infinity before the runs that *not A* needs.
        estimate: the difference of the means at the last look in which both arms took part.
        high: the bound of the claim that the difference is no larger.
    """

    low: float
    estimate: float
    high: float


@dataclass(frozen=True)
class Standing:
    """The state of a race: the claims that hold after all looks that the runs suffice for, and the runs wanted next.

    Attributes:
        looks: the number of looks that were made.
        leader: the arm with the highest mean among those that have all runs; None before the first look.
        start: the arms that one may start from: for each it is claimed that no other arm is better by more than the
            margin. Any two of them are equal within the margin.
        worse: the arms for which it is claimed that another arm is better by more than the margin.
        threats: the arms that may still be better than the leader by more than the margin: no claim rules it out.
        rested: the arms that get no more runs, with the number of runs at which each stopped.
        wanted: the number of runs that each arm needs for the next look; empty if there is no further look.
        ahead: the interval of how far each other arm is ahead of the leader. All bounds of all arms hold at once, with
            the level of the rules and at every look; an arm is a threat where its upper bound is above the margin.
    """

    looks: int
    leader: str | None
    start: tuple[str, ...]
    worse: tuple[str, ...]
    threats: tuple[str, ...]
    rested: Mapping[str, int]
    wanted: Mapping[str, int]
    ahead: Mapping[str, Interval]


def standing(
    scores: Mapping[str, Sequence[float]], order: Sequence[str], rules: Rules, patients: Patients | None = None
) -> Standing:
    """The state of a race, found by making all looks that the scores suffice for, one after the other.

    The result depends on nothing but the scores in the order of their runs: a race that was stopped goes on as if it
    had not been. Scores beyond those that a look wants are not read. Where the question is about new patients, looking
    ends early once no number of runs would suffice because there are too few test patients to tell the leader from a
    threat. An arm that rests takes part again if later runs bring the leader's mean below its own: the claim that it is
    not better than the leader is then withdrawn. To claim less costs no part of the level.

    Args:
        scores: the scores of each arm by its name, in the order of its runs, in [0, 1].
        order: the names of all arms, those that did best in the tuning first; the tuning's own runs are no ``scores``.
        rules: the rules, fixed before the first look.
        patients: how means vary with other patients, for claims about new ones; None: they are about these test images.

    Raises:
        ValueError: if an order names other arms than the scores, or there is only one.
    """
    names = list(order)
    if sorted(names) != sorted(scores) or len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"expected an order of two or more arms, each once, found {names} and {list(scores)}")
    number = len(names)
    # Claims of each pair, at [b, a]: that b is better than a by no more than the margin, and that it is better by more.
    no_better = np.eye(number, dtype=bool)
    better = np.zeros((number, number), dtype=bool)
    awake = np.ones(number, dtype=bool)
    run_counts = np.zeros(number, dtype=int)
    means = np.zeros(number)  # over the runs that each arm had at its last look
    claimed_since = np.zeros((number, number), dtype=int)
    made: list[_Look] = []
    leader, spent, hopeless = 0, False, False
    for look, runs in enumerate(rules.looks):
        if spent := rules.most is not None and np.where(awake, runs, run_counts).sum() > rules.most:
            break
        if any(len(scores[names[arm]]) < runs for arm in np.flatnonzero(awake)):
            break
        run_counts[awake] = runs
        taking_part = np.flatnonzero(awake)
        estimates = moments(np.array([scores[names[arm]][:runs] for arm in taking_part], dtype=np.float64), rules.step)
        over = patients([names[arm] for arm in taking_part], runs) if patients else None
        differences = [contrasts(estimates), *([contrasts(estimates, over)] if over else [])]
        made.append(_Look(taking_part, differences, *rules.levels(look, taking_part, number)))
        claims, pair = made[-1].claims(rules.margin), np.ix_(taking_part, taking_part)
        no_better[pair] |= claims[0]
        better[pair] |= claims[1]
        means[taking_part] = estimates.means
        leader = int(taking_part[estimates.means.argmax()])
        withdrawn = ~awake & (means > means[leader])
        no_better[withdrawn, leader], claimed_since[withdrawn, leader] = False, len(made)
        if no_better[:, leader].all():
            awake[:] = False
            break
        awake = ~no_better[:, leader]
        awake[leader] = True
        if hopeless := over is not None and _hopeless(made[-1], estimates.means, over, leader, awake, rules):
            break
    start = no_better.all(axis=0)
    going = len(made) < len(rules.looks) and not (start.any() or spent or hopeless)
    return Standing(
        looks=len(made),
        leader=names[leader] if made else None,
        start=tuple(names[arm] for arm in np.flatnonzero(start)),
        worse=tuple(names[arm] for arm in np.flatnonzero(better.any(axis=0))),
        threats=tuple(names[arm] for arm in np.flatnonzero(~no_better[:, leader])) if made else tuple(names),
        rested={names[arm]: int(run_counts[arm]) for arm in np.flatnonzero(~awake)} if made else {},
        wanted={names[arm]: rules.looks[len(made)] for arm in np.flatnonzero(awake)} if going else {},
        ahead={names[arm]: interval for arm, interval in _ahead(made, leader, claimed_since[:, leader]).items()},
    )


@dataclass(frozen=True)
class _Look:
    """One look: the numbers of the arms that took part, their differences, and the levels of ``Rules.levels``.

    A claim about new patients is made only where it holds for the present patients too. So there are then two sets of
    differences, with and without the variance between patients: that variance brings more degrees of freedom, so that a
    bound with it may be narrower than the one without.
    """

    at: NDArray[np.intp]
    apart: Sequence[Contrasts]
    starting: Array
    rejecting: Array

    def claims(self, margin: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Two arrays (arms, arms): whether arm b is claimed to be better than a by at most the margin, and by more."""
        each = [apart.claims(margin, self.starting, self.rejecting[:, None]) for apart in self.apart]
        at_most, more = (np.logical_and.reduce(claims) for claims in zip(*each, strict=True))
        return at_most, more

    def bounds(self, column: int) -> tuple[Array, Array]:
        """The lower and upper bounds of how far each arm is ahead of the arm at position ``column`` of ``at``."""
        columns = [apart.of(column) for apart in self.apart]
        highest = np.array(1 - self.starting[column])
        lows, highs = ([apart.bound(level) for apart in columns] for level in (self.rejecting, highest))
        return np.minimum.reduce(lows), np.maximum.reduce(highs)


def _hopeless(
    look: _Look, means: Array, over: OverPatients, leader: int, awake: NDArray[np.bool_], rules: Rules
) -> bool:
    """Whether further runs are hopeless: a threat could not be ruled out even if runs did not vary at all.

    The means are taken as they are, and the level is the largest that a look may have. To stop early is to claim less,
    so that it costs no part of the level.
    """
    exact = contrasts(Moments(means, np.zeros_like(means), np.ones_like(means)), over).of(
        int(np.flatnonzero(look.at == leader)[0])
    )
    rank, arms = np.array([leader]), len(awake)
    level = max(rules.levels(number, rank, arms)[0][0] for number in range(len(rules.looks)))
    certain, _ = exact.claims(rules.margin, np.full(len(look.at), level), np.zeros(1))
    return bool((awake[look.at] & (look.at != leader) & ~certain).any())


def _ahead(looks: Sequence[_Look], leader: int, since: NDArray[np.int_]) -> dict[int, Interval]:
    """How far each other arm is ahead of the leader: the tightest bounds of all looks in which both took part.

    An arm's upper bounds count from look ``since[arm]`` on: those of a claim that was withdrawn do not count. Bounds
    need quantiles, which are slower than the p-values of the claims, so that they are computed once, at the end.
    """
    lows, estimates, highs = (np.full(len(since), start) for start in (-np.inf, 0.0, np.inf))
    for number, look in enumerate(looks):
        for column in np.flatnonzero(look.at == leader):
            low, high = look.bounds(int(column))
            lows[look.at] = np.maximum(lows[look.at], low)
            highs[look.at] = np.minimum(highs[look.at], np.where(since[look.at] <= number, high, np.inf))
            estimates[look.at] = look.apart[0].of(int(column)).differences  # the last one stays
    values = zip(lows.tolist(), estimates.tolist(), highs.tolist(), strict=True)
    return {arm: Interval(*bounds) for arm, bounds in enumerate(values) if looks and arm != leader}
