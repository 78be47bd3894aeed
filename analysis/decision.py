"""Which of several arms to take: claims that hold at every planned look, and who needs more runs until they are made.

An arm is a source of weights, a run of it one score. Three claims can be made, each with a margin d:

- *start from A*: no other arm's mean is higher than A's by more than d,
- *A and B are equal*: that is claimed of both, so that their means differ by at most d,
- *not A*: another arm's mean is higher than A's by more than d.

Each rests on one-sided Welch tests of two arms (Welch 1947, https://doi.org/10.2307/2332510). *Start from A* is made
only if the tests of all other arms against A reject, which is an intersection-union test (Berger 1982,
https://doi.org/10.2307/1267823): if B is better by more than the margin, the claim needs a false rejection of that one
pair, so that a pair's level is not divided by the number of arms. It is divided over the candidates A, with the largest
part for those that came first in the tuning, and over the looks. *Not A* has a part of the level of its own, divided
over A and B. So the probability of any false claim, at any look, is at most the level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.differences import Contrasts, Moments, OverPatients, contrasts, moments

Array = NDArray[np.float64]

STEEPNESS = 1.5
"""How much larger a part of the level those have that came first in the tuning: ``Rules.steepness``."""

STARTING = 0.9
"""Share of the level for *start from*; the rest is for *not*."""

LAST = 0.3
"""Share of the level for the last look; the others have equal parts of the rest."""

SEEDS = 10
"""Runs of each arm in the full grid, which a race is compared with."""

SHARE = 0.7
"""Of the full grid's runs: a race has no more by default."""

REJECTING = 3
"""Runs that *not A* needs: where one in twelve collapses, both of an arm's first two do so in one of 144."""


@dataclass(frozen=True)
class Rules:
    """What is fixed before the first look.

    Attributes:
        margin: in the scores' unit; a difference of no more does not matter.
        level: of all claims together, in (0, 1).
        looks: numbers of runs at which scores are looked at, ascending, the first 2 or more.
        most: runs of all arms together; a look that needs more is not made. None: no limit.
        steepness: an arm of rank r in the order has a part of the level in proportion to 1 / r to this power; 0: all
            have equal parts, as where no tuning has ordered them.
        step: between two neighbouring scores, such as 1 / (3 x 40) of an AUROC over 3 and 40 images; 0: they are as
            good as continuous.
    """

    margin: float = 0.01
    level: float = 0.05
    looks: tuple[int, ...] = (2, 3, 4, 6, 9, 13, 20)
    most: int | None = None
    steepness: float = STEEPNESS
    step: float = 0.0

    def __post_init__(self) -> None:
        ascending = all(one < other for one, other in zip(self.looks, self.looks[1:], strict=False))
        of_looks = self.looks and self.looks[0] >= 2 and ascending
        if not of_looks or self.margin < 0 or not 0 < self.level < 1 or self.steepness < 0:
            raise ValueError(
                "expected a margin of 0 or more, a level in (0, 1), a steepness of 0 or more and ascending looks from 2"
                f" runs, found {self.margin:g}, {self.level:g}, {self.steepness:g}, {', '.join(map(str, self.looks))}"
            )

    @classmethod
    def of_grid(cls, arms: int, rates: int, margin: float = 0.01, level: float = 0.05, share: float = SHARE) -> Rules:
        """Rules of a race that takes at most a share of the full grid's runs, those of the tuning among them.

        Args:
            arms: how many there are.
            rates: learning rates that each arm is tuned with, by one run each.
            margin: as in the class.
            level: as in the class.
            share: of ``full_grid``.

        Raises:
            ValueError: if that does not suffice for the first look.
        """
        most = int(share * full_grid(arms, rates) + 1e-9) - arms * rates
        if most < cls.looks[0] * arms:
            raise ValueError(
                f"{share:.0%} of the full grid of {arms} arms and {rates} rates leave {most} runs after the tuning, "
                f"too few for {cls.looks[0]} of each arm: expected a larger share or fewer rates"
            )
        return cls(margin, level, most=most)

    def spent(self, number: int) -> float:
        """The share of the level for a look."""
        others = len(self.looks) - 1
        return 1.0 if not others else LAST if number == others else (1 - LAST) / others

    def levels(self, number: int, at: NDArray[np.intp], arms: int) -> tuple[Array, Array]:
        """The levels of a look's claims of two arms.

        Args:
            number: which look it is, from 0.
            at: ranks in the tuning, from 0, of those that have part in it.
            arms: how many there are.

        Returns:
            Two arrays like ``at``: of *start from* an arm, against each other one; of *not* any other arm, since this
            one is better: 0 before the runs that it needs.
        """
        weights = (1.0 + at) ** -self.steepness / ((1.0 + np.arange(arms)) ** -self.steepness).sum()
        level = self.level * self.spent(number)
        rejecting = (1 - STARTING) * level / arms if self.looks[number] >= REJECTING else 0.0
        return STARTING * level * weights, rejecting * weights


def full_grid(arms: int, rates: int) -> int:
    """Runs of the full grid: each arm once at each learning rate, and then ``SEEDS`` times at its best one."""
    return arms * (rates + SEEDS)


Patients = Callable[[Sequence[str], int], OverPatients]
"""Given arms and a number of runs, from the scores that the first so many runs of each have for each test patient."""


@dataclass(frozen=True)
class Interval:
    """How much higher an arm's mean is than another one's, in the scores' unit.

    Attributes:
        low: bound of the claim that it is higher by more; minus infinity before the runs that *not A* needs.
        estimate: the difference of the means at the last look that both had part in.
        high: bound of the claim that it is higher by no more.
    """

    low: float
    estimate: float
    high: float


@dataclass(frozen=True)
class Standing:
    """What is known after the looks that the runs suffice for.

    Attributes:
        looks: that were made.
        leader: the arm with the highest mean of those that have all runs; None before the first look.
        start: arms that one may start from: of each it is claimed that no other is better by more than the margin. Any
            two of them are equal within the margin.
        worse: arms of which it is claimed that another is better by more than the margin.
        threats: arms of which it is not claimed that they are not better than the leader by more than the margin.
        rested: arms that get no more runs, with the number of runs at which they stopped.
        wanted: how many runs each arm has to have for the next look; empty if there is none.
        ahead: how much each other arm is ahead of the leader. All bounds of all arms hold at once, with the level of
            the rules and at every look: an arm is a threat where the higher one is above the margin.
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
    """Make all looks that the scores suffice for, one after the other.

    The answer depends on the scores in the order of their runs alone: a race that was stopped goes on as if it had not
    been. Scores beyond those that a look wants are not looked at. Where new patients are asked about, there are no
    further looks once no number of runs would suffice, since there are too few test patients to tell the leader from a
    threat. An arm that rests runs again where later runs bring the leader's mean below its own, and the claim that it
    is not better than the leader is withdrawn: to claim less costs no part of the level.

    Args:
        scores: of each arm, in the order of its runs, in [0, 1].
        order: all arms, those that did best in the tuning first. The tuning's runs are none of the scores.
        rules: fixed before the first look.
        patients: given, claims are about new patients of this kind; None: about these test images.

    Raises:
        ValueError: if an order names other arms than the scores, or there is only one.
    """
    names = list(order)
    if sorted(names) != sorted(scores) or len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"expected an order of two or more arms, each once, found {names} and {list(scores)}")
    number = len(names)
    # At [b, a]: of b it is claimed that it is better than a by no more than the margin, or by more.
    no_better = np.eye(number, dtype=bool)
    better = np.zeros((number, number), dtype=bool)
    awake = np.ones(number, dtype=bool)
    had = np.zeros(number, dtype=int)
    means = np.zeros(number)  # of the runs that each had at its last look
    since = np.zeros((number, number), dtype=int)
    made: list[_Look] = []
    leader, spent, hopeless = 0, False, False
    for look, runs in enumerate(rules.looks):
        if spent := rules.most is not None and np.where(awake, runs, had).sum() > rules.most:
            break
        if any(len(scores[names[arm]]) < runs for arm in np.flatnonzero(awake)):
            break
        had[awake] = runs
        at = np.flatnonzero(awake)
        found = moments(np.array([scores[names[arm]][:runs] for arm in at], dtype=np.float64), rules.step)
        over = patients([names[arm] for arm in at], runs) if patients else None
        apart = [contrasts(found), *([contrasts(found, over)] if over else [])]
        made.append(_Look(at, apart, *rules.levels(look, at, number)))
        claims, pair = made[-1].claims(rules.margin), np.ix_(at, at)
        no_better[pair] |= claims[0]
        better[pair] |= claims[1]
        means[at] = found.means
        leader = int(at[found.means.argmax()])
        withdrawn = ~awake & (means > means[leader])
        no_better[withdrawn, leader], since[withdrawn, leader] = False, len(made)
        if no_better[:, leader].all():
            awake[:] = False
            break
        awake = ~no_better[:, leader]
        awake[leader] = True
        if hopeless := over is not None and _hopeless(made[-1], found.means, over, leader, awake, rules):
            break
    start = no_better.all(axis=0)
    going = len(made) < len(rules.looks) and not (start.any() or spent or hopeless)
    return Standing(
        looks=len(made),
        leader=names[leader] if made else None,
        start=tuple(names[arm] for arm in np.flatnonzero(start)),
        worse=tuple(names[arm] for arm in np.flatnonzero(better.any(axis=0))),
        threats=tuple(names[arm] for arm in np.flatnonzero(~no_better[:, leader])) if made else tuple(names),
        rested={names[arm]: int(had[arm]) for arm in np.flatnonzero(~awake)} if made else {},
        wanted={names[arm]: rules.looks[len(made)] for arm in np.flatnonzero(awake)} if going else {},
        ahead={names[arm]: interval for arm, interval in _ahead(made, leader, since[:, leader]).items()},
    )


@dataclass(frozen=True)
class _Look:
    """What was compared at a look: the arms, by their numbers, and the levels of `Rules.levels`.

    Of new patients nothing is claimed that is not claimed of these too, so that their contrasts are with and without
    the patients' variance: more degrees of freedom come with it, and a bound with it alone may be the narrower one.
    """

    at: NDArray[np.intp]
    apart: Sequence[Contrasts]
    starting: Array
    rejecting: Array

    def claims(self, margin: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of each arm and each other one, (arms, arms): whether it is better by no more than the margin, or by more."""
        each = [one.claims(margin, self.starting, self.rejecting[:, None]) for one in self.apart]
        at_most, more = (np.logical_and.reduce(of) for of in zip(*each, strict=True))
        return at_most, more

    def bounds(self, column: int) -> tuple[Array, Array]:
        """How much each arm is ahead of one of them at least and at most; ``column`` is its place in ``at``."""
        of = [one.of(column) for one in self.apart]
        highest = np.array(1 - self.starting[column])
        lows, highs = ([one.bound(level) for one in of] for level in (self.rejecting, highest))
        return np.minimum.reduce(lows), np.maximum.reduce(highs)


def _hopeless(
    look: _Look, means: Array, over: OverPatients, leader: int, awake: NDArray[np.bool_], rules: Rules
) -> bool:
    """Whether a threat could not be shown no better than the leader if runs did not vary at all.

    That is asked with the means as they are and the largest level that a look may still have. To stop early is to claim
    less, so that it costs no part of the level.
    """
    exact = contrasts(Moments(means, np.zeros_like(means), np.ones_like(means)), over).of(
        int(np.flatnonzero(look.at == leader)[0])
    )
    rank, arms = np.array([leader]), len(awake)
    level = max(rules.levels(number, rank, arms)[0][0] for number in range(len(rules.looks)))
    certain, _ = exact.claims(rules.margin, np.full(len(look.at), level), np.zeros(1))
    return bool((awake[look.at] & (look.at != leader) & ~certain).any())


def _ahead(looks: Sequence[_Look], leader: int, since: NDArray[np.int_]) -> dict[int, Interval]:
    """How much the other arms are ahead of an arm: the tightest bounds of all looks that both had part in.

    A higher bound counts from the look ``since`` on, (arms,): that of a claim that was withdrawn does not. Bounds need
    quantiles, which are slower than the p-values of the claims: so they are found at the end.
    """
    lows, estimates, highs = (np.full(len(since), start) for start in (-np.inf, 0.0, np.inf))
    for number, look in enumerate(looks):
        for column in np.flatnonzero(look.at == leader):
            low, high = look.bounds(int(column))
            lows[look.at] = np.maximum(lows[look.at], low)
            highs[look.at] = np.minimum(highs[look.at], np.where(since[look.at] <= number, high, np.inf))
            estimates[look.at] = look.apart[0].of(int(column)).differences  # the last one stays
    values = zip(lows.tolist(), estimates.tolist(), highs.tolist(), strict=True)
    return {arm: Interval(*of) for arm, of in enumerate(values) if looks and arm != leader}
