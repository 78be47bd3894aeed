"""Comparing scores over seeds."""

from __future__ import annotations

import gc
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from analysis import statistics
from analysis.statistics import (
    Alternative,
    TTest,
    compare,
    compare_with_best,
    hedges_g,
    holm,
    smallest_detectable_difference,
    summary,
    t_test,
    t_test_from_summary,
)

# Hosseinzadeh Taher et al., DART 2021, Table 2: mean, std (numpy's ddof 0) over 10 runs; True: marked as not
# significantly different from the best of its column by the authors.
TABLE_2 = {
    "DXC14": {"best": (82.25, 0.18), "others": [(80.31, 0.10, False), (81.70, 0.15, False), (81.99, 0.08, False)]},
    "DXC5": {
        "best": (87.40, 0.26),
        "others": [(86.60, 0.17, False), (87.10, 0.36, True), (87.09, 0.44, True)],
    },
    "TXC": {
        "best": (98.47, 0.26),
        "others": [
            (89.03, 1.82, False), (95.62, 0.63, False), (96.32, 0.65, False), (97.07, 0.95, False),
            (97.33, 0.26, False),
        ],
    },
    "PXS": {
        "best": (69.52, 0.38),
        "others": [
            (67.54, 0.60, False), (67.93, 1.45, False), (68.92, 0.98, True), (69.30, 0.50, True), (69.36, 0.49, True),
        ],
    },
    "LXS": {
        "best": (98.31, 0.05),
        "others": [
            (97.55, 0.36, False), (98.19, 0.13, True), (98.18, 0.06, False), (98.25, 0.04, True), (98.27, 0.03, True),
        ],
    },
}  # fmt: skip


def table_2() -> tuple[list[bool], list[float | None]]:
    """The authors' marks and our uncorrected p-values, cell by cell."""
    printed, p_values = [], []
    for column in TABLE_2.values():
        mean, std = column["best"]  # type: ignore[misc]
        for other_mean, other_std, mark in column["others"]:  # type: ignore[misc]
            printed.append(mark)
            p_values.append(t_test_from_summary(other_mean, other_std, 10, mean, std, 10, ddof=0).p_value)  # type: ignore[has-type]
    return printed, p_values


def test_a_t_test_equals_scipys() -> None:
    a, b = [0.71, 0.73, 0.70], [0.75, 0.78, 0.74, 0.77]
    ours, theirs = t_test(a, b), stats.ttest_ind(a, b)
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_published_standard_deviations_of_either_kind_give_the_same_test() -> None:
    a, b = np.array([0.71, 0.73, 0.70]), np.array([0.75, 0.78, 0.74, 0.77])
    for ddof in (0, 1):
        found = t_test_from_summary(a.mean(), a.std(ddof=ddof), 3, b.mean(), b.std(ddof=ddof), 4, ddof=ddof)
        assert found.p_value == pytest.approx(t_test(list(a), list(b)).p_value)


@pytest.mark.parametrize("a", [[0.5, 0.5, 0.5], [0.7, 0.7, 0.7]])
def test_without_spread_nothing_is_tested(a: list[float]) -> None:
    found = t_test(a, [0.5, 0.5, 0.5])
    assert (found.statistic, found.p_value) == (None, None)
    assert "vary" in str(found.reason)


def test_a_single_run_is_not_tested() -> None:
    for one, other in (([0.5], [0.5, 0.6]), ([0.5, 0.6], [0.5])):
        for test in ("student", "welch", "paired"):
            assert t_test(one, other, test) == TTest(None, None, "a test needs at least two runs on each side")
    for sizes in ((1, 3), (3, 1)):
        assert t_test_from_summary(0.5, 0.1, sizes[0], 0.6, 0.1, sizes[1]).p_value is None
    assert summary([0.5]).std is None
    for n_a, n_b, std_a, std_b in ((1, 3, None, 0.1), (3, 1, 0.1, None), (1, 3, 0.1, 0.1), (3, 1, 0.1, 0.1)):
        assert smallest_detectable_difference(n_a, n_b, std_a, std_b) is None


def test_two_runs_on_each_side_are_enough() -> None:
    a, b = [0.70, 0.72], [0.75, 0.78]
    for test in ("student", "welch"):
        assert t_test(a, b, test).p_value == pytest.approx(stats.ttest_ind(a, b, equal_var=test == "student").pvalue)  # type: ignore[arg-type]
    assert t_test(a, b, "paired").p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert hedges_g(a, b) == pytest.approx(-0.055 / math.sqrt((0.0002 + 0.00045) / 2) * math.gamma(1) / math.gamma(0.5))
    found = smallest_detectable_difference(2, 2, 0.02, 0.02)
    assert found == pytest.approx(
        0.02 * np.squeeze(TTestIndPower().solve_power(nobs1=2, alpha=0.05, power=0.8)), rel=1e-4
    )
    assert smallest_detectable_difference(2, 2, 0.0, 0.02) == pytest.approx(found / math.sqrt(2))
    assert smallest_detectable_difference(3, 3, 0.0, 0.0) is None


def test_holm_is_the_step_down_of_the_definition() -> None:
    # Sorted 0.01, 0.02, 0.04 times 3, 2, 1, made monotone.
    assert holm([0.04, None, 0.01, 0.02]) == pytest.approx([0.04, None, 0.03, 0.04])
    assert holm([]) == []
    assert holm([None]) == [None]


def test_holm_is_that_of_statsmodels() -> None:
    generator = np.random.default_rng(0)
    gc.freeze()  # statsmodels collects garbage at each call; this hides what is there from it
    for tests in (1, 2, 3, 7, 20):
        for p_values in (generator.random(tests), generator.random(tests) / 50, generator.integers(1, 4, tests) / 50):
            family = [float(p) for p in p_values]
            assert holm(family) == list(multipletests(family, method="holm")[1])
    gc.unfreeze()


def test_the_smallest_detectable_difference_has_the_stated_power() -> None:
    n, std = 5, 0.02
    found = smallest_detectable_difference(n, n, std, std)
    assert found is not None
    noncentrality, df = found / std * math.sqrt(n / 2), 2 * n - 2
    limit = stats.t.ppf(0.975, df)
    power = stats.nct.sf(limit, df, noncentrality) + stats.nct.cdf(-limit, df, noncentrality)
    assert power == pytest.approx(0.8, abs=1e-3)


def rejected_by_holm(p_values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Holm 1979, of each line: the smallest p-values are rejected until one exceeds 5 % over what is left."""
    lines, count = p_values.shape
    order = p_values.argsort(axis=1)
    kept_up = np.cumprod(np.take_along_axis(p_values, order, axis=1) <= 0.05 / (count - np.arange(count)), axis=1)
    found = np.zeros((lines, count), dtype=bool)
    np.put_along_axis(found, order, kept_up.astype(bool), axis=1)
    return found


@pytest.mark.parametrize("tests", [1, 4, 70])
def test_the_smallest_detectable_difference_is_found_after_the_correction_as_often_as_is_said(tests: int) -> None:
    """Drawn tables: one row differs by it, and nothing else does."""
    generator, n, std, tables = np.random.default_rng(0), 5, 0.02, 20_000
    found = smallest_detectable_difference(n, n, std, std, tests)
    assert found is not None
    a, b = generator.normal(0.8 + found, std, (tables, n)), generator.normal(0.8, std, (tables, n))
    p_values = np.column_stack([stats.ttest_ind(a, b, axis=1).pvalue, generator.random((tables, tests - 1))])
    assert (p_values[:, 0] <= 0.05 / tests).mean() == pytest.approx(0.8, abs=0.01)
    assert 0.79 < rejected_by_holm(p_values)[:, 0].mean() < 0.82


def test_the_difference_that_one_test_alone_would_show_is_missed_after_a_correction() -> None:
    generator, n, std, tables = np.random.default_rng(0), 5, 0.02, 20_000
    alone = smallest_detectable_difference(n, n, std, std)
    assert alone is not None
    a, b = generator.normal(0.8 + alone, std, (tables, n)), generator.normal(0.8, std, (tables, n))
    p_values = np.column_stack([stats.ttest_ind(a, b, axis=1).pvalue, generator.random((tables, 69))])
    assert rejected_by_holm(p_values)[:, 0].mean() < 0.25


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_each_kind_of_test_finds_its_smallest_difference_as_often_as_is_said(alternative: Alternative) -> None:
    generator, tables, level = np.random.default_rng(1), 20_000, 0.05 / 3
    sign = -1 if alternative == "less" else 1
    for test, n_a, n_b, std_a, std_b in (("student", 4, 9, 0.02, 0.02), ("welch", 12, 9, 0.01, 0.03)):
        found = smallest_detectable_difference(n_a, n_b, std_a, std_b, 3, test, alternative)  # type: ignore[arg-type]
        assert found is not None and found > 0
        a = generator.normal(0.8 + sign * found, std_a, (tables, n_a))
        b = generator.normal(0.8, std_b, (tables, n_b))
        p = stats.ttest_ind(a, b, axis=1, equal_var=test == "student", alternative=alternative).pvalue
        assert (p <= level).mean() == pytest.approx(0.8, abs=0.012), test


def test_a_table_says_what_its_own_tests_could_find_after_its_own_correction() -> None:
    """Four tests: a cell without runs and one that cannot be tested are not corrected for."""
    values = {
        "base": {"A": [0.50, 0.51, 0.52], "B": [0.80, 0.82, 0.81, 0.84]},
        "one": {"A": [0.60, 0.62, 0.61], "B": [0.80, 0.81, 0.83, 0.82]},
        "two": {"A": [0.40, 0.41, 0.45], "B": [0.70, 0.71, 0.73, 0.75]},
        "single": {"A": [0.4], "B": None},
    }
    found = compare(values, "base")
    assert found.tests == 4
    for (row, column), cell in found.cells.items():
        own, base = values[row][column] or [], values["base"][column] or []
        if row in ("base", "single"):
            assert cell.detectable is None
            continue
        pooled = math.sqrt((np.var(own, ddof=1) + np.var(base, ddof=1)) / 2)
        effect = TTestIndPower().solve_power(nobs1=len(own), alpha=0.05 / 4, power=0.8)
        assert cell.detectable == pytest.approx(pooled * np.squeeze(effect), rel=1e-4)


def test_a_paired_table_says_what_differences_over_seeds_could_show() -> None:
    base, own = [0.50, 0.56, 0.53, 0.58, 0.52], [0.51, 0.575, 0.54, 0.585, 0.535]
    found = compare({"base": {"A": base}, "row": {"A": own}}, "base", "paired").cells["row", "A"].detectable
    assert found is not None
    generator, spread = np.random.default_rng(2), np.std(np.array(own) - np.array(base), ddof=1)
    differences = generator.normal(found, spread, (20_000, 5))
    assert (stats.ttest_1samp(differences, 0, axis=1).pvalue < 0.05).mean() == pytest.approx(0.8, abs=0.012)
    independent = compare({"base": {"A": base}, "row": {"A": own}}, "base").cells["row", "A"].detectable
    assert independent is not None
    assert found < independent / 3


def test_a_p_value_of_just_the_level_shows_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"base": {"A": [0.5, 0.51, 0.52]}, "row": {"A": [0.53, 0.54, 0.56]}}
    p = compare(values, "base").cells["row", "A"].p_holm
    assert p is not None
    for level, mark, paper in (
        (p, "no difference shown", "not significantly different from the best"),
        (np.nextafter(p, 1), "better", "significantly below the best"),
    ):
        monkeypatch.setattr(statistics, "ALPHA", level)
        assert compare(values, "base", level=level).cells["row", "A"].mark == mark
        assert compare_with_best(values)["base", "A"] == paper


def test_the_marks_of_the_benchmarks_table_2_follow_uncorrected_but_for_two() -> None:
    printed, p_values = table_2()
    ours = [p is not None and p >= 0.05 for p in p_values]
    differing = [number for number, (a, b) in enumerate(zip(printed, ours, strict=True)) if a != b]
    assert len(printed) == 21
    assert [p_values[number] for number in differing] == [
        pytest.approx(0.019, abs=2e-3),
        pytest.approx(0.012, abs=2e-3),
    ]


def test_the_marks_of_the_benchmarks_table_2_all_follow_with_holm() -> None:
    printed, p_values = table_2()
    assert [p is not None and p >= 0.05 for p in holm(p_values)] == printed


def test_each_row_is_compared_with_the_reference_of_its_column() -> None:
    values = {
        "random": {"A": [0.50, 0.51, 0.52], "B": [0.80, 0.81, 0.82]},
        "good": {"A": [0.60, 0.61, 0.62], "B": [0.80, 0.81, 0.83]},
        "bad": {"A": [0.40, 0.41, 0.42], "B": None},
    }
    found = compare(values, "random")
    assert found.best == {"A": ("good",), "B": ("good",)}
    marks = {place: cell.mark for place, cell in found.cells.items()}
    assert marks == {
        ("random", "A"): "reference", ("random", "B"): "reference", ("good", "A"): "better",
        ("good", "B"): "no difference shown", ("bad", "A"): "worse",
    }  # fmt: skip
    good = found.cells["good", "A"]
    assert good.difference == pytest.approx(0.1)
    assert good.p_value is not None
    assert good.p_holm == pytest.approx(3 * good.p_value)


def test_the_papers_marking_tests_against_the_best() -> None:
    values = {"a": {"A": [0.6, 0.61, 0.62]}, "b": {"A": [0.59, 0.61, 0.62]}, "c": {"A": [0.4, 0.41, 0.42]}}
    assert compare_with_best(values) == {
        ("a", "A"): "best",
        ("b", "A"): "not significantly different from the best",
        ("c", "A"): "significantly below the best",
    }


def test_rows_of_equal_means_are_all_the_best_of_their_column() -> None:
    three = [0.7, 0.4, 0.1]
    values = {
        "random": {"A": [1.0, 1.0, 1.0], "B": three, "C": None},
        "other": {"A": [1.0, 1.0], "B": sorted(three), "C": [0.7, 0.7, 0.7]},
        "third": {"A": [1.0, 1.0, 1 - 1e-9], "B": [0.3, 0.4, 0.5], "C": [0.7]},
    }
    assert np.mean(three) != np.mean(sorted(three)), "the sums in floating point must depend on the order"
    best = {"A": ("random", "other"), "B": ("random", "other", "third"), "C": ("other", "third")}
    assert compare(values, "random").best == best
    assert {place for place, mark in compare_with_best(values).items() if mark == "best"} == {
        (row, column) for column, rows in best.items() for row in rows
    }


def test_a_column_without_the_references_runs_is_not_tested_and_says_why() -> None:
    cells = compare({"base": {"A": None, "B": [0.5, 0.6]}, "row": {"A": [0.5, 0.6], "B": None}}, "base").cells
    assert (cells["row", "A"].mark, cells["row", "A"].reason) == ("untested", "the reference has no runs")
    assert (cells["base", "B"].mark, cells["base", "B"].reason) == ("reference", None)


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="no row 'x'"):
        compare({"a": {"A": [0.1]}}, "x")


def test_equal_rows_are_falsely_marked_in_at_most_five_percent_of_tables() -> None:
    generator, tables = np.random.default_rng(0), 300
    rows, columns = [f"row {number}" for number in range(5)], ("A", "B", "C")
    marked = 0
    for _ in range(tables):
        values = {row: {column: list(generator.normal(0.8, 0.02, 3)) for column in columns} for row in rows}
        marked += any(cell.mark in ("better", "worse") for cell in compare(values, rows[0]).cells.values())
    assert marked <= stats.binom.ppf(0.999, tables, 0.05)


def test_on_request_the_test_is_welchs_paired_or_one_sided() -> None:
    a, b = [0.71, 0.73, 0.70, 0.74], [0.75, 0.78, 0.74, 0.77]
    for alternative in ("two-sided", "greater", "less"):
        welch = stats.ttest_ind(a, b, equal_var=False, alternative=alternative)
        assert t_test(a, b, "welch", alternative).p_value == pytest.approx(welch.pvalue)  # type: ignore[arg-type]
        paired = stats.ttest_rel(a, b, alternative=alternative)
        assert t_test(a, b, "paired", alternative).p_value == pytest.approx(paired.pvalue)  # type: ignore[arg-type]
        student = stats.ttest_ind(a, b, alternative=alternative)
        assert t_test(a, b, "student", alternative).p_value == pytest.approx(student.pvalue)  # type: ignore[arg-type]


def test_a_paired_test_needs_the_same_seeds_and_differences_that_vary() -> None:
    assert "same seeds" in str(t_test([0.5, 0.6], [0.5, 0.6, 0.7], "paired").reason)
    assert "do not vary" in str(t_test([0.5, 0.6], [0.6, 0.7], "paired").reason)


def test_a_one_sided_table_marks_one_side_only() -> None:
    values = {"base": {"x": (0.5, 0.51, 0.52)}, "up": {"x": (0.7, 0.71, 0.72)}, "down": {"x": (0.3, 0.31, 0.32)}}
    marks = {
        row: compare(values, "base", alternative="greater").cells[row, "x"].mark  # type: ignore[arg-type]
        for row in ("up", "down")
    }
    assert marks == {"up": "better", "down": "no difference shown"}


def test_hedges_g_is_cohens_d_with_the_small_sample_factor() -> None:
    a, b = [0.71, 0.73, 0.70], [0.75, 0.78, 0.74, 0.77]
    pooled = math.sqrt((2 * np.var(a, ddof=1) + 3 * np.var(b, ddof=1)) / 5)
    # Hedges' approximation 1 - 3 / (4 df - 1) is within 0.5 % of the exact factor here.
    assert hedges_g(a, b) == pytest.approx((np.mean(a) - np.mean(b)) / pooled * (1 - 3 / 19), rel=5e-3)
    assert hedges_g([0.5], b) is None
    assert hedges_g([0.5, 0.5], [0.5, 0.5]) is None
