"""Ranks over tasks: Friedman's test and Nemenyi's critical difference (Demsar 2006)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RankComparison:
    """Rows ranked on each task.

    Attributes:
        mean_ranks: of each row, 1 is the best; ties share their mean.
        tasks: how many.
        chi_square: Friedman's statistic.
        p_value: that all rows are equal.
        critical_difference: of mean ranks, above which two rows differ at ``alpha`` (Nemenyi).
        alpha: level.
        p_values: of each pair of rows, corrected by Nemenyi's test.
        groups: largest runs of rows, best first, within which no two differ.
    """

    mean_ranks: dict[str, float]
    tasks: int
    chi_square: float
    p_value: float
    critical_difference: float
    alpha: float
    p_values: dict[tuple[str, str], float]
    groups: tuple[tuple[str, ...], ...]


def compare_ranks(scores: Mapping[str, Sequence[float]], alpha: float = 0.05) -> RankComparison:
    """Friedman's test and Nemenyi's critical difference (Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html, 3.2).

    Args:
        scores: of each row, one per task in the same order; higher is better.
        alpha: level of the critical difference.

    Raises:
        ValueError: if there are fewer than three rows or two tasks, or a score is missing.
    """
    from scipy import stats

    values = np.array([list(row) for row in scores.values()], dtype=np.float64)
    if values.ndim != 2 or len(values) < 3 or values.shape[1] < 2 or np.isnan(values).any():
        raise ValueError(f"expected three rows or more with a score on each of two tasks or more, found {values.shape}")
    rows, tasks = values.shape
    ranks = stats.rankdata(-values, axis=0).mean(axis=1)
    friedman = stats.friedmanchisquare(*values)
    unit = math.sqrt(rows * (rows + 1) / (6 * tasks))
    quantile = float(stats.studentized_range.ppf(1 - alpha, rows, np.inf)) / math.sqrt(2)
    mean_ranks = dict(zip(scores, map(float, ranks), strict=True))
    ordered = sorted(mean_ranks, key=lambda row: mean_ranks[row])
    p_values = {
        (one, other): float(
            stats.studentized_range.sf(abs(mean_ranks[one] - mean_ranks[other]) / unit * math.sqrt(2), rows, np.inf)
        )
        for number, one in enumerate(ordered)
        for other in ordered[number + 1 :]
    }
    return RankComparison(
        mean_ranks={row: mean_ranks[row] for row in ordered},
        tasks=tasks,
        chi_square=float(friedman.statistic),
        p_value=float(friedman.pvalue),
        critical_difference=quantile * unit,
        alpha=alpha,
        p_values=p_values,
        groups=_groups(ordered, mean_ranks, quantile * unit),
    )


def _groups(ordered: list[str], ranks: Mapping[str, float], difference: float) -> tuple[tuple[str, ...], ...]:
    """Runs of rows that lie within the difference; those inside a longer one are left out."""
    found: list[tuple[str, ...]] = []
    reached = 0
    for start, first in enumerate(ordered):
        end = max(number for number, row in enumerate(ordered) if ranks[row] - ranks[first] <= difference) + 1
        if end - start > 1 and end > reached:
            found.append(tuple(ordered[start:end]))
        reached = max(reached, end)
    return tuple(found)
