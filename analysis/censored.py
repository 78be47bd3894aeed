"""Times to an event that not every run reaches: the median, and an exact test of two samples."""

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
"""Assignments of runs to samples that a test looks at; all of them where there are no more."""

TimeMark = Literal["sooner", "later", "no difference shown", "reference", "untested"]
Times = Mapping[str, Mapping[str, Sequence["Duration"]]]
"""Rows, then columns, then one duration per run."""


@dataclass(frozen=True)
class Duration:
    """A time to an event.

    Attributes:
        time: when the event came; where it did not, until when it was waited for.
        reached: whether it came.
    """

    time: float
    reached: bool


@dataclass(frozen=True)
class TimeResult:
    """The durations of a cell, and how they compare with the reference row's of its column.

    Attributes:
        median: as of ``median_duration``.
        reached: runs that reached the event.
        runs: all of them.
        p_value: of ``permuted_log_rank``, uncorrected.
        p_holm: corrected over all tested cells of the table.
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

    A run that ended without it counts as one that never reaches it. Where fewer than half reached it, the median is not
    known, and the result says until when it is known not to have come, whatever the ended runs had done later.

    Raises:
        ValueError: if there are no durations.
    """
    if not durations:
        raise ValueError("no durations to take the median of")
    reached = sorted(one.time for one in durations if one.reached)
    ended = sorted(one.time for one in durations if not one.reached)
    half = -(-len(durations) // 2)
    if len(reached) >= half:
        return Duration(reached[half - 1], True)
    return Duration(ended[half - len(reached) - 1], False)


def log_rank_scores(durations: Sequence[Duration]) -> NDArray[np.float64]:
    """Each run's share in the log-rank statistic: the event, less its expected number while the run was waiting.

    The sum over a sample is the observed less the expected number of events (Peto and Peto 1972,
    https://doi.org/10.2307/2344317); over all runs it is 0. A run that ended without the event stays at risk to the
    end: an early stop is a competing event and no loss of sight, since nothing more is to come of the run (Gray 1988,
    https://doi.org/10.1214/aos/1176350951). Were it taken out, a row that gives up early could not be told from one
    that was not watched.
    """
    times = np.array([one.time if one.reached else np.inf for one in durations])
    events = np.array([one.reached for one in durations], dtype=np.float64)
    expected = np.zeros(len(times))
    for time in np.unique(times[np.isfinite(times)]):
        waiting = times >= time
        expected[waiting] += events[times == time].sum() / waiting.sum()
    return events - expected


def permuted_log_rank(a: Sequence[Duration], b: Sequence[Duration]) -> float | None:
    """Two-sided p-value of the log-rank statistic over all ways to share the runs out to the two samples.

    Exact for any number of runs, where the usual normal approximation finds too much among few. Of more than
    ``RESAMPLES`` ways as many are drawn, always the same, and the observed one is counted with them (Phipson and Smyth
    2010, https://doi.org/10.2202/1544-6115.1585). None if a sample has fewer than two runs, or all runs are alike.
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
    """The smallest p-value that ``permuted_log_rank`` can have with so many runs in each sample."""
    return max(2 / comb(2 * runs, runs), 1 / (RESAMPLES + 1))


def compare_durations(times: Times, reference: str, level: float = ALPHA) -> dict[tuple[str, str], TimeResult]:
    """Each row against the reference row of its column, Holm over the whole table.

    Args:
        times: durations by row and column; cells without any are left out.
        reference: label of the row that the others are tested against.
        level: of the corrected tests.

    Raises:
        ValueError: if there is no such row.
    """
    if reference not in times:
        raise ValueError(f"no row {reference!r} to compare with; rows are {list(times)}")
    filled = {(row, column): of for row, columns in times.items() for column, of in columns.items() if of}
    bases = {place: times[reference].get(place[1]) or () for place in filled if place[0] != reference}
    p_values = {place: permuted_log_rank(filled[place], base) for place, base in bases.items()}
    corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    found = {}
    for place, of in filled.items():
        p_holm = corrected.get(place)
        mark: TimeMark = "reference" if place[0] == reference else "untested"
        if p_holm is not None:
            more = log_rank_scores([*of, *bases[place]])[: len(of)].sum() > 0
            mark = "no difference shown" if p_holm >= level else "sooner" if more else "later"
        reached = sum(one.reached for one in of)
        found[place] = TimeResult(median_duration(of), reached, len(of), p_values.get(place), p_holm, mark)
    return found
