"""Survival analysis of times to an event that not every run reaches: the median, and an exact test of two samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.statistics import ALPHA, holm

RESAMPLES = 9999
"""The number of assignments of runs to samples that a test draws; where there are no more, it looks at all of them."""

TimeMark = Literal["sooner", "later", "no difference shown", "reference", "untested"]
Times = Mapping[str, Mapping[str, Sequence["Duration"]]]
"""Rows, then columns, then one duration per run."""


@dataclass(frozen=True)
class Duration:
    """How long it took until an event, or how long a run was observed without it.

    Attributes:
        time: when the event came, in any unit; where it did not come, how long the run was observed.
        reached: whether the event came.
    """

    time: float
    reached: bool


@dataclass(frozen=True)
class TimeResult:
    """The durations of a cell, and how they compare with the reference row's of its column.

    Attributes:
        median: the result of ``median_duration``.
        reached: the number of runs that reached the event.
        runs: the number of all runs of the cell.
        p_value: the uncorrected p-value of ``permuted_log_rank``; None where nothing was tested.
        p_holm: the p-value after Holm's correction over all tested cells of the table.
        mark: what the corrected test says at the level of the comparison, 5 % by default.
    """

    median: Duration
    reached: int
    runs: int
    p_value: float | None
    p_holm: float | None
    mark: TimeMark


def median_duration(durations: Sequence[Duration]) -> Duration:
    """The time by which half of the runs had reached the event.

    A run that ended without the event counts as one that never reaches it. Where fewer than half of the runs reached
    it, the median is unknown; the result is then not ``reached``, and its time is a lower bound of the median that
    holds whatever the ended runs would have done later.

    Raises:
        ValueError: if there are no durations.
    """
    if not durations:
        raise ValueError("no durations to take the median of")
    reached = sorted(duration.time for duration in durations if duration.reached)
    ended = sorted(duration.time for duration in durations if not duration.reached)
    half = -(-len(durations) // 2)
    if len(reached) >= half:
        return Duration(reached[half - 1], True)
    return Duration(ended[half - len(reached) - 1], False)


def log_rank_scores(durations: Sequence[Duration]) -> NDArray[np.float64]:
    """Each run's contribution to the log-rank statistic: its event (1 or 0) minus its expected number of events.

    The sum over a sample is the observed less the expected number of events (Peto and Peto 1972,
    https://doi.org/10.2307/2344317); over all runs it is 0. A run that ended without the event stays at risk to the
    end: an early stop is a competing event rather than censoring, since nothing more is to come of the run (Gray 1988,
    https://doi.org/10.1214/aos/1176350951). If it were censored, a row that gives up early could not be told from one
    that was not observed for long.
    """
    times = np.array([duration.time if duration.reached else np.inf for duration in durations])
    events = np.array([duration.reached for duration in durations], dtype=np.float64)
    expected = np.zeros(len(times))
    for time in np.unique(times[np.isfinite(times)]):
        waiting = times >= time
        expected[waiting] += events[times == time].sum() / waiting.sum()
    return events - expected


def permuted_log_rank(a: Sequence[Duration], b: Sequence[Duration]) -> float | None:
    """The two-sided p-value of a permutation test with the log-rank statistic.

    The test is exact for any number of runs, where the usual normal approximation rejects too often with few. If there
    are more than ``RESAMPLES`` ways to assign the runs to the two samples, that many are drawn, always the same, and
    the observed one is counted with them (Phipson and Smyth 2010, https://doi.org/10.2202/1544-6115.1585). None if a
    sample has fewer than two runs, or all runs are alike.
    """
    if len(a) < 2 or len(b) < 2:
        return None
    scores = log_rank_scores([*a, *b])
    if np.ptp(scores) < 1e-12:
        return None
    count, size = len(scores), len(a)
    if comb(count, size) <= RESAMPLES:
        chosen = np.array(list(combinations(range(count), size)))
    else:
        shuffled = np.random.default_rng(0).permuted(np.tile(np.arange(count), (RESAMPLES, 1)), axis=1)
        chosen = np.vstack([np.arange(size), shuffled[:, :size]])
    sums = np.abs(scores[chosen].sum(axis=1))
    return float((sums >= abs(scores[:size].sum()) - 1e-9).mean())


def least_p_value(runs: int) -> float:
    """The smallest p-value that ``permuted_log_rank`` can give with this number of runs in each sample."""
    return max(2 / comb(2 * runs, runs), 1 / (RESAMPLES + 1))


def compare_durations(times: Times, reference: str, level: float = ALPHA) -> dict[tuple[str, str], TimeResult]:
    """Compare the durations of each row with the reference row's, with Holm's correction over the whole table.

    Args:
        times: durations by row and column; cells without any are left out.
        reference: label of the row that the others are tested against.
        level: the significance level of the corrected tests, in (0, 1).

    Raises:
        ValueError: if there is no such row.
    """
    if reference not in times:
        raise ValueError(f"no row {reference!r} to compare with; rows are {list(times)}")
    filled = {
        (row, column): durations for row, columns in times.items() for column, durations in columns.items() if durations
    }
    bases = {cell: times[reference].get(cell[1]) or () for cell in filled if cell[0] != reference}
    p_values = {cell: permuted_log_rank(filled[cell], base) for cell, base in bases.items()}
    corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    results = {}
    for cell, durations in filled.items():
        p_holm = corrected.get(cell)
        mark: TimeMark = "reference" if cell[0] == reference else "untested"
        if p_holm is not None:
            more = log_rank_scores([*durations, *bases[cell]])[: len(durations)].sum() > 0
            mark = "no difference shown" if p_holm >= level else "sooner" if more else "later"
        reached = sum(duration.reached for duration in durations)
        results[cell] = TimeResult(
            median_duration(durations), reached, len(durations), p_values.get(cell), p_holm, mark
        )
    return results
