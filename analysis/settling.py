"""What would settle a race that ended undecided: more runs of the arms that are still open, or more test patients.

The answer comes from simulation: further runs and patients are drawn with the variances that were estimated, and the
present means are taken for the true ones. Counted is how often *start from the leader* would then be shown at one
further look. That look has the share of the level that the rules give to their last one: the answer is for a comparison
whose rules had that look instead of the last. To look once more after all looks were made would spend more than the
level; that takes a new comparison, with runs of fresh seeds.
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
"""The share of simulations in which the claim must be shown: the usual power (Cohen 1988, chapter 2)."""

MOST_RUNS = 100
"""The largest number of further runs of an arm that is tried."""

MOST_PATIENTS = 10_000
"""The largest number of further test patients that is tried."""

SIMULATIONS = 1000
"""The number of simulations; a share of 80 % is then right to 1.3 points."""


@dataclass(frozen=True)
class Split:
    """The variance of the difference of two arms' means, split by its causes, on the scale of scores.

    Attributes:
        seeds: the variance that comes from the seeds: that of the two means, with the runs so far.
        patients: the variance that comes from the choice of test patients; None where these images are asked about.
        rates: the variance that comes from tuning, since another tuning would pick other learning rates; None where no
            pick was repeated, or no rate was picked twice, so that it cannot be told from the seeds' part.
    """

    seeds: float
    patients: float | None
    rates: float | None


@dataclass(frozen=True)
class Needed:
    """The smallest numbers of runs and of patients that would each probably settle a question.

    Attributes:
        runs: the number of further runs of each arm that takes part, where one with fewer runs first gets as many as
            the leader; None: ``MOST_RUNS`` more do not suffice.
        patients: the number of further test patients, with the same share of the rarer class as now; None:
            ``MOST_PATIENTS`` more do not suffice, or these images are asked about, so that more patients would not
            help.
    """

    runs: int | None
    patients: int | None


@dataclass(frozen=True)
class Settling:
    """The numbers of runs and patients that would settle an undecided race.

    Attributes:
        leader: the arm whose mean is the highest.
        start: what would show that no arm is better than the leader by more than the margin.
        against: for each threat, what would show that it alone is not better by more than the margin.
        split: for each threat, where the uncertainty of its difference to the leader comes from.
    """

    leader: str
    start: Needed
    against: Mapping[str, Needed]
    split: Mapping[str, Split]


Picks = Mapping[str, Sequence[float]]
"""The learning rates of each arm's runs, in their order, where each run had a pick of its own."""


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
    """What would settle a race between its leader and the threats.

    Args:
        scores: the scores of each arm by its name, in the order of its runs, as ``standing`` got them.
        order: the names of all arms, those that did best in the tuning first.
        rules: the rules that the race was held to.
        now: the present standing of the race.
        patients: what the arms' scores would vary by with other patients, if new patients are asked about; None: the
            question is about these test images.
        tested: the number of test patients, if new ones are asked about.
        picks: the learning rate of each run, where each run has a pick of its own; None: there was one pick for all.
        seed: the seed that the simulated scores are drawn with.

    Returns:
        None where there is an arm that one may start from, or no leader yet.

    Raises:
        ValueError: if new patients are asked about, and there are no test patients.
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
    needed = [Needed(*numbers) for numbers in zip(by_runs, by_patients, strict=True)]
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
    """What the picks of learning rates add to the variance of the difference of two means; None if it is unknown."""
    total = 0.0
    for name in names:
        runs = scores[name][:looked]
        of_a_run = between_picks(runs, picks[name][: len(runs)])
        if of_a_run is None:
            return None
        total += of_a_run / len(runs)
    return total


class _Race:
    """The simulation of a race between the leader, which is the first arm, and its threats."""

    def __init__(
        self, scores: Sequence[Array], rules: Rules, level: Array, over: OverPatients | None, tested: int
    ) -> None:
        self._runs = np.array([len(values) for values in scores])
        self._squares = np.array([((values - values.mean()) ** 2).sum() for values in scores])
        means = np.array([values.mean() for values in scores])
        self._margin, self._step = rules.margin, rules.step
        self._now = shrunk(means, self._squares / (self._runs - 1), self._runs, self._step)
        self._level, self._over, self._tested = level, over, tested

    def _shares(self, estimates: Moments, over: OverPatients | None) -> Array:
        """The share of simulations (S, arms) in which all threats are shown to be no better, then that for each one."""
        shown = contrasts(estimates, over).of(0).claims(self._margin, self._level, np.zeros(1))[0][:, 1:]
        return np.concatenate([[shown.all(axis=1).mean()], shown.mean(axis=0)])

    def with_runs(self, seed: int) -> Callable[[int], Array]:
        """The shares as a function of the number of further runs; larger numbers include the runs of smaller ones."""
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
        """The shares as a function of the number of further test patients, with the same runs."""
        over, now = self._over, self._now
        assert over is not None
        sizes, directions = np.linalg.eigh(over.covariance)
        drawn = np.random.default_rng([seed, 1]).standard_normal((SIMULATIONS, len(sizes)))
        moved = drawn @ (directions * np.sqrt(np.maximum(sizes, 0))).T

        def shares(further: int) -> Array:
            # Of n patients f are new. The mean over all of them moves by their share f / n times the deviation of the
            # new ones' mean, whose variance is that of the present mean times (n - f) / f.
            kept = self._tested / (self._tested + further)
            means = now.means + moved * np.sqrt(kept * (1 - kept))
            freedom = (over.freedom + 1) / kept - 1
            moments = Moments(
                means, *(np.broadcast_to(values, means.shape) for values in (now.variances, now.freedoms))
            )
            return self._shares(moments, OverPatients(over.covariance * kept, freedom))

        return shares

    def split(self, number: int, of_rates: float | None) -> Split:
        """The variance of the difference of an arm and the leader by its causes, given the part of the picked rates."""
        of_patients = None
        if self._over is not None:
            own = self._over.covariance
            of_patients = float(own[0, 0] + own[number, number] - 2 * own[0, number])
        of_runs = float(self._now.variances[0] + self._now.variances[number])
        if of_rates is not None:
            of_rates = min(of_rates, of_runs)
        return Split(of_runs - (of_rates or 0.0), of_patients, of_rates)


def _smallest(shares: Callable[[int], Array], most: int) -> list[int | None]:
    """The smallest number, up to ``most``, for which each share is ``SURE`` or more; None if there is none.

    It is found by bisection: a share grows with the number, but for chance, since the leader's mean is the highest.
    """
    known = {most: shares(most)}
    smallest: list[int | None] = []
    for column in range(len(known[most])):
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            if middle not in known:
                known[middle] = shares(middle)
            low, high = (low, middle) if known[middle][column] >= SURE else (middle, high)
        smallest.append(high if known.setdefault(high, shares(high))[column] >= SURE else None)
    return smallest


def between_picks(scores: Sequence[float], rates: Sequence[float]) -> float | None:
    """The part of the variance of an arm's runs that comes from their picks of a learning rate.

    The model: a run's rate is drawn with the probabilities of the picks, and its score varies around the mean at that
    rate. With n runs at K rates, the expected sum of squares between rates is n - 1 times that part plus K - 1 times
    the variance at one rate (the analysis of variance; Searle, Casella and McCulloch 1992, Variance Components, chapter
    3.6).

    Args:
        scores: the score of each run of the arm.
        rates: the learning rate of each run, in the same order.

    Returns:
        The estimate, 0 where it would be negative; None if no rate was picked twice.

    Raises:
        ValueError: if the numbers of scores and rates differ.
    """
    if len(scores) != len(rates):
        raise ValueError(f"expected a learning rate of each run, found {len(rates)} of {len(scores)} runs")
    values = np.array(scores, dtype=np.float64)
    groups = [values[[rate == picked for rate in rates]] for picked in dict.fromkeys(rates)]
    free = len(values) - len(groups)
    if not free:
        return None
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / free
    between = sum(len(group) * float((group.mean() - values.mean()) ** 2) for group in groups)
    return max((between - (len(groups) - 1) * within) / (len(values) - 1), 0.0)
