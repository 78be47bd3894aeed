"""Comparison of scores over seeds: summaries, t-tests, Holm's correction, and the differences that runs can detect."""

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
"""Means whose relative difference is smaller are equal: rounding alone, as of a sum in another order, may cause it."""

Mark = Literal["better", "worse", "no difference shown", "reference", "untested"]
PaperMark = Literal["best", "not significantly different from the best", "significantly below the best", "untested"]
Test = Literal["student", "welch", "paired"]
Alternative = Literal["two-sided", "greater", "less"]
Scores = Mapping[str, Mapping[str, Sequence[float] | None]]
"""The scores of each row and column, one per seed; None, or no entry, where a cell has no runs."""


@dataclass(frozen=True)
class Summary:
    """A sample: its size, mean and sample standard deviation (ddof 1; None for a single value)."""

    n: int
    mean: float
    std: float | None


@dataclass(frozen=True)
class TTest:
    """The result of a t-test; where there is no p-value, ``reason`` says why."""

    statistic: float | None
    p_value: float | None
    reason: str | None = None


@dataclass(frozen=True)
class CellResult:
    """The comparison of a cell with the reference row of its column.

    Attributes:
        summary: the size, mean and spread of the cell's scores.
        difference: the mean of the cell minus the mean of the reference.
        p_value: the p-value before correction.
        p_holm: the p-value after Holm's correction over all tested cells of the table.
        detectable: ``smallest_detectable_difference`` of these runs after Holm's correction over the table; None where
            nothing is tested.
        mark: what the corrected test says at the level of the comparison, 5 % by default.
        reason: why nothing was tested; None where something was.
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
    """The comparison of all cells of a table with their reference row.

    Attributes:
        cells: the result of each cell by (row, column).
        best: for each column the rows that have its highest mean, in their order.
        tests: the number of tests in the table, for all of which p-values are corrected together.
    """

    cells: dict[tuple[str, str], CellResult]
    best: dict[str, tuple[str, ...]]
    tests: int


def summary(values: Sequence[float]) -> Summary:
    """The size, mean and sample standard deviation (ddof 1) of some values.

    Raises:
        ValueError: if there are no values.
    """
    if not values:
        raise ValueError("no values to summarize")
    return Summary(len(values), float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)


def t_test(
    a: Sequence[float], b: Sequence[float], test: Test = "student", alternative: Alternative = "two-sided"
) -> TTest:
    """Test whether two samples' means differ; by default Student's two-sided t-test with pooled variance.

    Without spread nothing can be tested: the p-value is then None, not 0 and not NaN.

    Args:
        a: the first sample, one score per run.
        b: the second sample, one score per run; for a paired test of the same seeds in the same order.
        test: ``student`` (pooled variance), ``welch`` (each sample's own) or ``paired`` (differences over seeds).
        alternative: what the mean of ``a`` is tested to be, compared with that of ``b``: ``two-sided`` (different),
            ``greater`` or ``less``.
    """
    if len(a) < 2 or len(b) < 2:
        return TTest(None, None, "a test needs at least two runs on each side")
    if test == "paired":
        return _paired(a, b, alternative)
    moments = [(float(np.mean(sample)), float(np.std(sample, ddof=1)), len(sample)) for sample in (a, b)]
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
    """Test whether two means differ, from published means and standard deviations.

    Args:
        mean_a: the mean of the first sample.
        std_a: the standard deviation of the first sample.
        n_a: the number of values in the first sample.
        mean_b: the mean of the second sample.
        std_b: the standard deviation of the second sample.
        n_b: the number of values in the second sample.
        ddof: the delta degrees of freedom of the standard deviations, which were divided by n - ddof. NumPy's default,
            used in many papers, is 0.
        test: the variances that are assumed, as in ``t_test``.
        alternative: the side that is tested, as in ``t_test``.
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
    """Hedges' g: the difference of means in pooled standard deviations, corrected for small samples.

    Source: Hedges 1981, https://doi.org/10.3102/10769986006002107, equation 6. None without spread or with a single
    run.
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
    """P-values after Holm's step-down correction (Holm 1979, https://www.jstor.org/stable/4615733); None stays None."""
    tested = [number for number, p in enumerate(p_values) if p is not None]
    raw = np.array([p_values[number] for number in tested], np.float64)
    rising = np.argsort(raw, kind="stable")
    stepped = np.maximum.accumulate(raw[rising] * np.arange(len(raw), 0, -1))
    corrected: list[float | None] = [None] * len(p_values)
    for number, p in zip(rising, np.minimum(stepped, 1.0), strict=True):
        corrected[tested[number]] = float(p)
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
    """The difference of means that one of a table's corrected tests detects with a power of 80 % or more.

    The test's level is that of the first step of Holm's correction, ``level`` over the number of tests. A difference
    that is significant at that level is so after the correction too, whatever the other tests find, since the later
    steps' levels are higher. The observed spread of the runs is taken for the true one.

    Args:
        n_a: the number of runs of one sample.
        n_b: the number of runs of the other sample.
        std_a: the sample standard deviation of the one.
        std_b: the sample standard deviation of the other.
        tests: the number of tests that are corrected for together; 1: no correction.
        test: ``student``, or ``welch``, whose power is that of a t-test with Satterthwaite's degrees of freedom.
        alternative: the side that is tested, as in ``t_test``.
        level: the significance level of all tests together, in (0, 1).

    Returns:
        A positive number; None where there is no spread or a single run.
    """
    if n_a < 2 or n_b < 2 or std_a is None or std_b is None or std_a == std_b == 0:
        return None
    variance_a, variance_b = std_a**2 / n_a, std_b**2 / n_b
    if test == "welch":
        freedom = (variance_a + variance_b) ** 2 / (variance_a**2 / (n_a - 1) + variance_b**2 / (n_b - 1))
        return math.sqrt(variance_a + variance_b) * _shift(freedom, tests, alternative, level)
    pooled = ((n_a - 1) * n_a * variance_a + (n_b - 1) * n_b * variance_b) / (n_a + n_b - 2)
    return math.sqrt(pooled * (1 / n_a + 1 / n_b)) * _shift(n_a + n_b - 2, tests, alternative, level)


def _shift(freedom: float, tests: int, alternative: Alternative, level: float = ALPHA) -> float:
    """The detectable difference in standard errors, at the level of the first step of Holm's correction."""
    return detectable_shift(freedom, level / tests, POWER, 2 if alternative == "two-sided" else 1)


def _detectable(
    a: Sequence[float], b: Sequence[float], tests: int, test: Test, side: Alternative, level: float
) -> float | None:
    """The smallest detectable difference of two samples; in a paired test, that of the differences over seeds."""
    if test == "paired":
        error = float(np.std(np.asarray(a) - np.asarray(b), ddof=1)) / math.sqrt(len(a))
        return error * _shift(len(a) - 1, tests, side, level)
    first, second = summary(a), summary(b)
    return smallest_detectable_difference(first.n, second.n, first.std, second.std, tests, test, side, level)


def compare(
    values: Scores,
    reference: str,
    test: Test = "student",
    alternative: Alternative = "two-sided",
    level: float = ALPHA,
) -> Comparison:
    """Compare each row with the reference row by t-tests, with Holm's correction over the whole table.

    Args:
        values: the scores by row and column.
        reference: the label of the row that the others are tested against.
        test: the kind of test, as in ``t_test``.
        alternative: the side that is tested, as in ``t_test``, of the row's mean beside the reference's.
        level: the significance level of the corrected tests, in (0, 1).

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
    corrected = dict(zip(tests, holm([result.p_value for result in tests.values()]), strict=True))
    family = sum(p is not None for p in corrected.values())
    cells = {}
    for row, column in filled:
        own_summary = summary(values[row][column] or ())
        other = values[reference].get(column)
        if row == reference or not other:
            mark: Mark = "reference" if row == reference else "untested"
            reason = None if row == reference else "the reference has no runs"
            cells[row, column] = CellResult(own_summary, None, None, None, None, mark, reason)
            continue
        tested, base = tests[row, column], summary(other)
        p_holm, difference = corrected[row, column], own_summary.mean - base.mean
        if p_holm is None:
            mark = "untested"
        elif p_holm >= level:
            mark = "no difference shown"
        else:
            mark = "better" if difference > 0 else "worse"
        scores = values[row][column] or ()
        detectable = None if p_holm is None else _detectable(scores, other, family, test, alternative, level)
        cells[row, column] = CellResult(
            own_summary, difference, tested.p_value, p_holm, detectable, mark, tested.reason
        )
    return Comparison(cells, _best(values), family)


def compare_with_best(values: Scores) -> dict[tuple[str, str], PaperMark]:
    """The papers' own marking: each row is tested against the best one of its column, without correction.

    The best row is chosen by the same runs that it is tested with, so that too many rows are marked as worse. Rows of
    equal means are all the best; the others are tested against the first of them.
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
    """The rows with the highest mean of each column, where means that differ by rounding are equal."""
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
