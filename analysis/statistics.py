"""Comparing scores over seeds: summaries, t-tests, Holm's correction, and what n runs could detect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.power import detectable_shift

ALPHA = 0.05
POWER = 0.8

ROUNDING = 1e-12
"""Means that differ by a smaller share are equal: rounding alone, such as that of a sum in another order, may do it."""

Mark = Literal["better", "worse", "no difference shown", "reference", "untested"]
PaperMark = Literal["best", "not significantly different from the best", "significantly below the best", "untested"]
Test = Literal["student", "welch", "paired"]
Alternative = Literal["two-sided", "greater", "less"]
Scores = Mapping[str, Mapping[str, Sequence[float] | None]]
"""Rows, then columns, then one score per seed; None or nothing where a cell has no runs."""


@dataclass(frozen=True)
class Summary:
    """A sample: its size, mean and sample standard deviation (ddof 1; None for a single value)."""

    n: int
    mean: float
    std: float | None


@dataclass(frozen=True)
class TTest:
    """A t-test; ``reason`` says why there is no p-value where there is none."""

    statistic: float | None
    p_value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class CellResult:
    """A cell against the reference row of its column.

    Attributes:
        summary: of the cell's scores.
        difference: its mean minus the reference's.
        p_value: uncorrected.
        p_holm: corrected over all tested cells of the table.
        detectable: ``smallest_detectable_difference`` of these runs after Holm's correction over the table; None where
            nothing is tested.
        mark: what the corrected test says at the level of the comparison, 5 % by default.
        reason: why it is untested, if it is.
    """

    summary: Summary
    difference: float | None
    p_value: float | None
    p_holm: float | None
    detectable: float | None
    mark: Mark
    reason: str | None = None


@dataclass(frozen=True)
class Comparison:
    """A whole table.

    Attributes:
        cells: by (row, column).
        best: the rows that have the highest mean of each column, in their order.
        tests: how many there are in the table, which is how many are corrected for together.
    """

    cells: dict[tuple[str, str], CellResult]
    best: dict[str, tuple[str, ...]]
    tests: int


def summary(values: Sequence[float]) -> Summary:
    """Size, mean and sample standard deviation (ddof 1).

    Raises:
        ValueError: if there are no values.
    """
    if not values:
        raise ValueError("no values to summarize")
    return Summary(len(values), float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)


def t_test(
    a: Sequence[float], b: Sequence[float], test: Test = "student", alternative: Alternative = "two-sided"
) -> TTest:
    """A t-test of the means; by default Student's two-sided independent one with pooled variance.

    Without spread nothing can be tested: p is None then, not 0 and not NaN.

    Args:
        a: a score per run.
        b: likewise; for a paired test of the same seeds in the same order.
        test: ``student`` (pooled variance), ``welch`` (each sample's own) or ``paired`` (differences over seeds).
        alternative: what the mean of ``a`` is held to be: ``two-sided`` (another), ``greater`` or ``less``.
    """
    if len(a) < 2 or len(b) < 2:
        return TTest(None, None, "a test needs at least two runs on each side")
    if test == "paired":
        return _paired(a, b, alternative)
    moments = [(float(np.mean(one)), float(np.std(one, ddof=1)), len(one)) for one in (a, b)]
    return t_test_from_summary(*moments[0], *moments[1], test=test, alternative=alternative)


def _paired(a: Sequence[float], b: Sequence[float], alternative: Alternative) -> TTest:
    from scipy import stats

    if len(a) != len(b):
        return TTest(None, None, f"a paired test needs the same seeds on both sides, found {len(a)} and {len(b)} runs")
    differences = np.asarray(a) - np.asarray(b)
    if np.std(differences) <= 1e-12 * max(np.abs([*a, *b]).max(), 1e-300):
        return TTest(None, None, "the differences do not vary, so nothing can be tested")
    result = stats.ttest_rel(a, b, alternative=alternative)
    return TTest(float(result.statistic), float(result.pvalue))


def t_test_from_summary(
    mean_a: float,
    std_a: float,
    n_a: int,
    mean_b: float,
    std_b: float,
    n_b: int,
    ddof: int = 1,
    test: Literal["student", "welch"] = "student",
    alternative: Alternative = "two-sided",
) -> TTest:
    """The same test from published means and standard deviations.

    Args:
        mean_a: of the first sample.
        std_a: of the first sample.
        n_a: its size.
        mean_b: of the second sample.
        std_b: of the second sample.
        n_b: its size.
        ddof: that the standard deviations were computed with; numpy's default, in many papers, is 0.
        test: as in ``t_test``.
        alternative: as in ``t_test``.
    """
    from scipy import stats

    if n_a < 2 or n_b < 2:
        return TTest(None, None, "a test needs at least two runs on each side")
    sample_a, sample_b = (std * math.sqrt((n - ddof) / (n - 1)) for std, n in ((std_a, n_a), (std_b, n_b)))
    scale = max(abs(mean_a), abs(mean_b), 1e-300)
    if max(sample_a, sample_b) <= 1e-12 * scale:
        return TTest(None, None, "the runs do not vary, so nothing can be tested")
    result = stats.ttest_ind_from_stats(
        mean_a, sample_a, n_a, mean_b, sample_b, n_b, equal_var=test == "student", alternative=alternative
    )
    return TTest(float(result.statistic), float(result.pvalue))


def hedges_g(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The difference of means in pooled standard deviations, corrected for small samples.

    Hedges 1981, https://doi.org/10.3102/10769986006002107, equation 6. None without spread or with a single run.
    """
    if len(a) < 2 or len(b) < 2:
        return None
    freedom = len(a) + len(b) - 2
    pooled = math.sqrt(((len(a) - 1) * np.var(a, ddof=1) + (len(b) - 1) * np.var(b, ddof=1)) / freedom)
    if pooled == 0:
        return None
    correction = math.exp(math.lgamma(freedom / 2) - math.lgamma((freedom - 1) / 2)) / math.sqrt(freedom / 2)
    return float((np.mean(a) - np.mean(b)) / pooled * correction)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction (Holm 1979, https://www.jstor.org/stable/4615733); None is outside the family."""
    from statsmodels.stats.multitest import multipletests

    tested = [number for number, p in enumerate(p_values) if p is not None]
    corrected: list[float | None] = [None] * len(p_values)
    if tested:
        adjusted = multipletests([p_values[number] for number in tested], method="holm")[1]
        for number, p in zip(tested, adjusted, strict=True):
            corrected[number] = float(p)
    return corrected


def smallest_detectable_difference(
    n_a: int,
    n_b: int,
    std_a: float | None,
    std_b: float | None,
    tests: int = 1,
    test: Literal["student", "welch"] = "student",
    alternative: Alternative = "two-sided",
    level: float = ALPHA,
) -> float | None:
    """The difference of means that one of a table's corrected tests finds with 80 % power or more.

    The test's level is that of the first step of Holm's correction, ``level`` over the number of tests. What is found
    at that level is found after the correction too, whatever the other tests find; the later steps' levels are higher.
    The spread of the runs is taken as the true one.

    Args:
        n_a: runs of one sample.
        n_b: runs of the other.
        std_a: sample standard deviation of the one.
        std_b: sample standard deviation of the other.
        tests: that are corrected for together; 1: no correction.
        test: ``student``, or ``welch``, whose power is that of a t-test with Satterthwaite's degrees of freedom.
        alternative: as in ``t_test``.
        level: of all tests together.

    Returns:
        A positive number; None where there is no spread or a single run.
    """
    if n_a < 2 or n_b < 2 or std_a is None or std_b is None or std_a == std_b == 0:
        return None
    one, other = std_a**2 / n_a, std_b**2 / n_b
    if test == "welch":
        freedom = (one + other) ** 2 / (one**2 / (n_a - 1) + other**2 / (n_b - 1))
        return math.sqrt(one + other) * _shift(freedom, tests, alternative, level)
    pooled = ((n_a - 1) * n_a * one + (n_b - 1) * n_b * other) / (n_a + n_b - 2)
    return math.sqrt(pooled * (1 / n_a + 1 / n_b)) * _shift(n_a + n_b - 2, tests, alternative, level)


def _shift(freedom: float, tests: int, alternative: Alternative, level: float = ALPHA) -> float:
    """In standard errors, at the level of the first step of Holm's correction over so many tests."""
    return detectable_shift(freedom, level / tests, POWER, 2 if alternative == "two-sided" else 1)


def _detectable(
    a: Sequence[float], b: Sequence[float], tests: int, test: Test, side: Alternative, level: float
) -> float | None:
    """``smallest_detectable_difference`` of two samples, or, in a paired test, of the differences over seeds."""
    if test == "paired":
        error = float(np.std(np.asarray(a) - np.asarray(b), ddof=1)) / math.sqrt(len(a))
        return error * _shift(len(a) - 1, tests, side, level)
    one, other = summary(a), summary(b)
    return smallest_detectable_difference(one.n, other.n, one.std, other.std, tests, test, side, level)


def compare(
    values: Scores,
    reference: str,
    test: Test = "student",
    alternative: Alternative = "two-sided",
    level: float = ALPHA,
) -> Comparison:
    """Each row against the reference row of its column: t-tests, Holm over the whole table.

    Args:
        values: scores by row and column.
        reference: label of the row that the others are tested against.
        test: as in ``t_test``.
        alternative: as in ``t_test``, of the row's mean beside the reference's.
        level: of the corrected tests.

    Raises:
        ValueError: if there is no such row.
    """
    if reference not in values:
        raise ValueError(f"no row {reference!r} to compare with; rows are {list(values)}")
    filled = [(row, column) for row, columns in values.items() for column, scores in columns.items() if scores]
    tests: dict[tuple[str, str], TTest] = {}
    for row, column in filled:
        other = values[reference].get(column)
        if row != reference:
            own = values[row][column] or ()
            tests[row, column] = (
                t_test(own, other, test, alternative) if other else TTest(None, None, "the reference has no runs")
            )
    corrected = dict(zip(tests, holm([one.p_value for one in tests.values()]), strict=True))
    family = sum(p is not None for p in corrected.values())
    cells = {}
    for row, column in filled:
        of = summary(values[row][column] or ())
        other = values[reference].get(column)
        if row == reference or not other:
            mark: Mark = "reference" if row == reference else "untested"
            reason = None if row == reference else "the reference has no runs"
            cells[row, column] = CellResult(of, None, None, None, None, mark, reason)
            continue
        tested, base = tests[row, column], summary(other)
        p_holm, difference = corrected[row, column], of.mean - base.mean
        if p_holm is None:
            mark = "untested"
        elif p_holm >= level:
            mark = "no difference shown"
        else:
            mark = "better" if difference > 0 else "worse"
        scores = values[row][column] or ()
        detectable = None if p_holm is None else _detectable(scores, other, family, test, alternative, level)
        cells[row, column] = CellResult(of, difference, tested.p_value, p_holm, detectable, mark, tested.reason)
    return Comparison(cells, _best(values), family)


def compare_with_best(values: Scores) -> dict[tuple[str, str], PaperMark]:
    """The papers' own marking: each row against the best one of its column, uncorrected.

    The best row is chosen by the same runs that it is tested with, which marks too many rows as worse. Rows of equal
    means are all the best; the others are tested against the first of them.
    """
    best = _best(values)
    marks: dict[tuple[str, str], PaperMark] = {}
    for row, columns in values.items():
        for column, scores in columns.items():
            if not scores:
                continue
            if row in best[column]:
                marks[row, column] = "best"
                continue
            p = t_test(scores, values[best[column][0]][column] or ()).p_value
            if p is None:
                marks[row, column] = "untested"
            else:
                marks[row, column] = (
                    "significantly below the best" if p < ALPHA else "not significantly different from the best"
                )
    return marks


def _best(values: Scores) -> dict[str, tuple[str, ...]]:
    """The rows of each column with the highest mean, but for rounding."""
    means: dict[str, dict[str, float]] = {}
    for row, columns in values.items():
        for column, scores in columns.items():
            if scores:
                means.setdefault(column, {})[row] = float(np.mean(scores))
    highest = {column: max(by_row.values()) for column, by_row in means.items()}
    return {
        column: tuple(row for row, mean in by_row.items() if math.isclose(mean, highest[column], rel_tol=ROUNDING))
        for column, by_row in means.items()
    }
