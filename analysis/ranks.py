"""Ranks over tasks: Iman and Davenport's form of Friedman's test, and Nemenyi's critical difference (Demsar 2006)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RankComparison:
    """The comparison of rows by their ranks on each task.

    Attributes:
        mean_ranks: the mean rank of each row, where 1 is the best; ties share their mean.
        tasks: the number of tasks.
        chi_square: Friedman's statistic, corrected for ties.
        f_statistic: Iman and Davenport's statistic; infinite where every task ranks the rows alike.
        p_value: the p-value of Iman and Davenport's statistic under the hypothesis that all rows are equal.
        critical_difference: the difference of mean ranks above which two rows differ at ``alpha`` (Nemenyi).
        alpha: the significance level, in (0, 1).
        p_values: the p-value of each pair of rows, corrected by Nemenyi's test.
        groups: the largest runs of rows, best first, within which no two differ: no p-value is below ``alpha``.
    """

    mean_ranks: dict[str, float]
    tasks: int
    chi_square: float
    f_statistic: float
    p_value: float
    critical_difference: float
    alpha: float
    p_values: dict[tuple[str, str], float]
    groups: tuple[tuple[str, ...], ...]


def compare_ranks(scores: Mapping[str, Sequence[float]], alpha: float = 0.05) -> RankComparison:
    """Friedman's test and Nemenyi's critical difference (Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html, 3.2).

    The p-value is that of Iman and Davenport's form. Where every task ranks the rows alike, its statistic is infinite;
    the p-value is then the exact one: the share of all ways to permute the ranks within each task in which the tasks
    agree.

    Args:
        scores: the scores of each row, one per task in the same order; higher is better.
        alpha: the significance level of the critical difference, in (0, 1).

    Raises:
        ValueError: if there are fewer than three rows or two tasks, or a score is missing.
    """
    from scipy import stats

    values = np.array([list(row) for row in scores.values()], dtype=np.float64)
    if values.ndim != 2 or len(values) < 3 or values.shape[1] < 2 or np.isnan(values).any():
        raise ValueError(f"expected three rows or more with a score on each of two tasks or more, found {values.shape}")
    rows, tasks = values.shape
    each = stats.rankdata(-values, axis=0)
    ranks = each.mean(axis=1)
    chi_square, f_statistic, p_value = _friedman(each)
    unit = math.sqrt(rows * (rows + 1) / (6 * tasks))
    quantile = float(stats.studentized_range.ppf(1 - alpha, rows, np.inf)) / math.sqrt(2)
    mean_ranks = dict(zip(scores, map(float, ranks), strict=True))
    ordered = sorted(mean_ranks, key=lambda row: mean_ranks[row])
    p_values = {
        (better, worse): float(
            stats.studentized_range.sf(abs(mean_ranks[better] - mean_ranks[worse]) / unit * math.sqrt(2), rows, np.inf)
        )
        for number, better in enumerate(ordered)
        for worse in ordered[number + 1 :]
    }
    return RankComparison(
        mean_ranks={row: mean_ranks[row] for row in ordered},
        tasks=tasks,
        chi_square=chi_square,
        f_statistic=f_statistic,
        p_value=p_value,
        critical_difference=quantile * unit,
        alpha=alpha,
        p_values=p_values,
        groups=_groups(ordered, p_values, alpha),
    )


def iman_davenport(chi_square: float, rows: int, tasks: int) -> tuple[float, float]:
    """Iman and Davenport's statistic, which is less conservative than Friedman's chi-square, and its p-value.

    F = (N - 1) chi2 / (N (k - 1) - chi2) with k - 1 and (k - 1) (N - 1) degrees of freedom (Iman and Davenport 1980,
    https://doi.org/10.1080/03610928008827904; Demsar 2006, section 3.2.2). It is the F of an analysis of variance of
    the ranks by rows and tasks.

    Args:
        chi_square: Friedman's statistic, below N (k - 1), which it is where all tasks rank the rows alike.
        rows: the number k of rows that are compared.
        tasks: the number N of tasks that they are compared on.
    """
    from scipy import stats

    f_statistic = (tasks - 1) * chi_square / (tasks * (rows - 1) - chi_square)
    return f_statistic, float(stats.f.sf(f_statistic, rows - 1, (rows - 1) * (tasks - 1)))


def _friedman(ranks: NDArray[np.float64]) -> tuple[float, float, float]:
    """Friedman's chi-square, corrected for ties, Iman and Davenport's statistic, and the p-value.

    Args:
        ranks: the ranks of the rows in each task, (rows, tasks).
    """
    rows, tasks = ranks.shape
    spread = float(np.square(ranks - (rows + 1) / 2).sum())
    if spread == 0:  # all rows tie in every task
        return 0.0, 0.0, 1.0
    chi_square = (rows - 1) * float(np.square(ranks.sum(axis=1) - tasks * (rows + 1) / 2).sum()) / spread
    if (ranks != ranks[:, :1]).any():
        return chi_square, *iman_davenport(chi_square, rows, tasks)
    ways = math.factorial(rows) / math.prod(math.factorial(tied) for tied in np.unique_counts(ranks[:, 0]).counts)
    return chi_square, math.inf, float(ways ** (1 - tasks))


def _groups(ordered: list[str], p_values: Mapping[tuple[str, str], float], alpha: float) -> tuple[tuple[str, ...], ...]:
    """The groups of neighbouring rows whose first and last do not differ; groups inside a longer one are left out."""
    groups: list[tuple[str, ...]] = []
    reached = 0
    for start, first in enumerate(ordered):
        alike = [end for end in range(start + 1, len(ordered)) if p_values[first, ordered[end]] >= alpha]
        end = max(alike, default=start) + 1
        if end - start > 1 and end > reached:
            groups.append(tuple(ordered[start:end]))
        reached = max(reached, end)
    return tuple(groups)
