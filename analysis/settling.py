"""What would settle a race that ended undecided: more runs of those that are still open, or more test patients?

The answer is by simulation: further runs and patients are drawn from the variances that were found, with the means held
to be what they are. It is asked how often *start from the leader* would then be shown at one further look. That look
has the share of the level that the rules give to their last one: the answer is for a comparison whose rules had that
look in the place of the last. To look once more after all looks were made is to spend more than the level; it takes a
new comparison, with runs of fresh seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.decision import Patients, Rules, Standing
from analysis.differences import Moments, OverPatients, contrasts, shrunk

Array = NDArray[np.float64]

SURE = 0.8
"""Share of the simulations in which it has to be shown: the power that is usual (Cohen 1988, chapter 2)."""

MOST_RUNS = 100
"""Further runs of an arm that are tried."""

MOST_PATIENTS = 10_000
"""Further test patients that are tried."""

SIMULATIONS = 1000
"""A share of 80 % is then right to 1.3 points."""


@dataclass(frozen=True)
class Split:
    """What the difference of two arms' means is uncertain by, as variances on the scale of scores.

    Attributes:
        seeds: since other seeds would give other scores; that of the two means, with the runs so far.
        patients: since other test patients would have other scores; None where these images are asked about.
        rates: since other tunings would pick other learning rates; None where no pick was repeated, or no rate was
            picked twice, so that it cannot be told from the seeds' part.
    """

    seeds: float
    patients: float | None
    rates: float | None


@dataclass(frozen=True)
class Needed:
    """The smallest numbers that would probably settle something, each alone.

    Attributes:
        runs: further ones of each arm that has part, where one with fewer runs first gets as many as the leader; None:
            not with ``MOST_RUNS`` more.
        patients: further ones of the test set, as many of them of the rarer class as now; None: not with
            ``MOST_PATIENTS`` more, or these images are asked about, which more patients would not be.
    """

    runs: int | None
    patients: int | None


@dataclass(frozen=True)
class Settling:
    """What would settle a race.

    Attributes:
        leader: whose mean is the highest.
        start: what would show that no arm is better than the leader by more than the margin.
        against: for each threat, what would show that it alone is not.
        split: for each threat, what its difference to the leader is uncertain by.
    """

    leader: str
    start: Needed
    against: Mapping[str, Needed]
    split: Mapping[str, Split]


Picks = Mapping[str, Sequence[float]]
"""Of arms each of whose runs had a pick of its own: the learning rates, in the order of the runs."""


def settling(
    scores: Mapping[str, Sequence[float]],
    order: Sequence[str],
    rules: Rules,
    now: Standing,
    patients: Patients | None = None,
    tested: int = 0,
    picks: Picks | None = None,
    seed: int = 0,
) -> Settling | None:
    """What would settle a race between its leader and the threats; None where one may start from an arm, or none leads.

    Args:
        scores: of each arm, in the order of its runs, as `standing` got them.
        order: all arms, those that did best in the tuning first.
        rules: that the race was held to.
        now: where it stands.
        patients: given, new patients are asked about; None: these test images.
        tested: number of test patients, if new ones are asked about.
        picks: learning rates of the runs, where each has a pick of its own; None: there was one pick for all.
        seed: that the simulated scores are drawn with.

    Raises:
        ValueError: if new patients are asked about, and there is no test patient.
    """
    if now.leader is None or now.start or not now.threats:
        return None
    if patients is not None and tested < 1:
        raise ValueError(f"expected the number of test patients, 1 or more, found {tested}")
    names = [now.leader, *now.threats]
    looked = rules.looks[now.looks - 1]
    values = [np.array(scores[name][:looked], dtype=np.float64) for name in names]
    over = patients(names, min(map(len, values))) if patients else None
    ranks = np.array([order.index(now.leader)])
    level = rules.levels(len(rules.looks) - 1, ranks, len(order))[0]
    race = _Race(values, rules, level, over, tested)
    by_runs = _smallest(race.with_runs(seed), MOST_RUNS)
    by_patients = _smallest(race.with_patients(seed), MOST_PATIENTS) if over else [None] * len(names)
    needed = [Needed(*both) for both in zip(by_runs, by_patients, strict=True)]
    return Settling(
        leader=now.leader,
        start=needed[0],
        against=dict(zip(now.threats, needed[1:], strict=True)),
        split={
            name: race.split(number, _of_picks([now.leader, name], scores, picks, looked) if picks else None)
            for number, name in enumerate(names)
            if number
        },
    )


def _of_picks(names: Sequence[str], scores: Mapping[str, Sequence[float]], picks: Picks, looked: int) -> float | None:
    """What picks of the rates add to the variance of the difference of two means."""
    total = 0.0
    for name in names:
        runs = scores[name][:looked]
        of_a_run = between_picks(runs, picks[name][: len(runs)])
        if of_a_run is None:
            return None
        total += of_a_run / len(runs)
    return total


class _Race:
    """The leader, the first arm, and its threats."""

    def __init__(
        self, scores: Sequence[Array], rules: Rules, level: Array, over: OverPatients | None, tested: int
    ) -> None:
        self._runs = np.array([len(of) for of in scores])
        self._squares = np.array([((of - of.mean()) ** 2).sum() for of in scores])
        means = np.array([of.mean() for of in scores])
        self._margin, self._step = rules.margin, rules.step
        self._now = shrunk(means, self._squares / (self._runs - 1), self._runs, self._step)
        self._level, self._over, self._tested = level, over, tested

    def _shares(self, found: Moments, over: OverPatients | None) -> Array:
        """Of simulations (S, arms): the share where all threats are shown no better, then that of each."""
        shown = contrasts(found, over).of(0).claims(self._margin, self._level, np.zeros(1))[0][:, 1:]
        return np.concatenate([[shown.all(axis=1).mean()], shown.mean(axis=0)])

    def with_runs(self, seed: int) -> Callable[[int], Array]:
        """The shares with a number of further runs; more runs keep those of fewer."""
        arms, most = len(self._runs), int(self._runs.max())
        drawn = np.random.default_rng([seed, 0]).standard_normal(
            (SIMULATIONS, arms, MOST_RUNS + most - int(self._runs.min()))
        )
        drawn *= np.sqrt(self._now.variances * self._runs)[:, None]
        sums, squares = drawn.cumsum(axis=2), (drawn**2).cumsum(axis=2)

        def shares(further: int) -> Array:
            total = most + further
            last = (np.arange(arms), total - self._runs - 1)
            sum_, square = sums[:, *last], squares[:, *last]
            means = self._now.means + sum_ / total
            variances = (self._squares + square - sum_**2 / total) / (total - 1)
            return self._shares(shrunk(means, variances, total, self._step), self._over)

        return shares

    def with_patients(self, seed: int) -> Callable[[int], Array]:
        """The shares with a number of further test patients, and the same runs."""
        over, now = self._over, self._now
        assert over is not None
        sizes, directions = np.linalg.eigh(over.covariance)
        drawn = np.random.default_rng([seed, 1]).standard_normal((SIMULATIONS, len(sizes)))
        moved = drawn @ (directions * np.sqrt(np.maximum(sizes, 0))).T

        def shares(further: int) -> Array:
            # The mean over n patients, of which n - f are the present ones and as they are, moves by the mean of the
            # further ones, of variance (now's) (n - f) / f, times their share f / n.
            kept = self._tested / (self._tested + further)
            means = now.means + moved * np.sqrt(kept * (1 - kept))
            freedom = (over.freedom + 1) / kept - 1
            found = Moments(means, *(np.broadcast_to(of, means.shape) for of in (now.variances, now.freedoms)))
            return self._shares(found, OverPatients(over.covariance * kept, freedom))

        return shares

    def split(self, number: int, of_rates: float | None) -> Split:
        """Of the leader and an arm, with what picks of the rates add to the variance of their runs."""
        of_patients = None
        if self._over is not None:
            own = self._over.covariance
            of_patients = float(own[0, 0] + own[number, number] - 2 * own[0, number])
        of_runs = float(self._now.variances[0] + self._now.variances[number])
        if of_rates is not None:
            of_rates = min(of_rates, of_runs)
        return Split(of_runs - (of_rates or 0.0), of_patients, of_rates)


def _smallest(shares: Callable[[int], Array], most: int) -> list[int | None]:
    """The smallest number for which each share is ``SURE`` or more, by halving; None: not even the largest is.

    A share grows with the number but for chance, since the leader's mean is the highest.
    """
    known = {most: shares(most)}
    found: list[int | None] = []
    for column in range(len(known[most])):
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            if middle not in known:
                known[middle] = shares(middle)
            low, high = (low, middle) if known[middle][column] >= SURE else (middle, high)
        found.append(high if known.setdefault(high, shares(high))[column] >= SURE else None)
    return found


def between_picks(scores: Sequence[float], rates: Sequence[float]) -> float | None:
    """The part of the variance of an arm's runs that comes from their picks of a learning rate.

    A run's rate is drawn as the picks fall out, and its score around the mean at that rate. With n runs at K rates, the
    sum of squares between rates has n - 1 times that part, and K - 1 times the variance at one rate, as expectation
    (the analysis of variance; Searle, Casella and McCulloch 1992, Variance Components, chapter 3.6).

    Args:
        scores: of the runs.
        rates: that they were done at.

    Returns:
        The estimate, 0 where it would be negative; None if no rate was picked twice.

    Raises:
        ValueError: if there are not as many scores as rates.
    """
    if len(scores) != len(rates):
        raise ValueError(f"expected a learning rate of each run, found {len(rates)} of {len(scores)} runs")
    values = np.array(scores, dtype=np.float64)
    groups = [values[[rate == one for rate in rates]] for one in dict.fromkeys(rates)]
    free = len(values) - len(groups)
    if not free:
        return None
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / free
    between = sum(len(group) * float((group.mean() - values.mean()) ** 2) for group in groups)
    return max((between - (len(groups) - 1) * within) / (len(values) - 1), 0.0)
