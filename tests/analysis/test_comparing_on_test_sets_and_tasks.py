"""DeLong's test, ranks over tasks and equivalence against definitions and published examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from analysis.delong import delong_test
from analysis.equivalence import equivalence, equivalence_from_summary
from analysis.ranks import compare_ranks, iman_davenport
from tests.analysis.test_statistics import TABLE_2

# Demsar 2006 (https://jmlr.org/papers/v7/demsar06a.html), table 5: critical values of Nemenyi's test at 5 and 10 %, for
# two to ten rows.
NEMENYI = {
    0.05: [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164],
    0.10: [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920],
}
QUALITY = {"a": 0.3, "b": 0.9, "c": 0.35, "d": 1.0}


def scores_of_rows(tasks: int = 14) -> dict[str, list[float]]:
    generator = np.random.default_rng(5)
    return {row: list(generator.normal(size=tasks) + 2 * quality) for row, quality in QUALITY.items()}


@pytest.mark.parametrize("alpha", NEMENYI)
@pytest.mark.parametrize("rows", range(3, 11))
def test_the_critical_difference_has_the_published_critical_values(rows: int, alpha: float) -> None:
    found = compare_ranks({str(row): [float((row * task) % 7) for task in range(14)] for row in range(rows)}, alpha)
    expected = NEMENYI[alpha][rows - 2] * (rows * (rows + 1) / (6 * 14)) ** 0.5
    assert found.critical_difference == pytest.approx(expected, rel=4e-4)


def test_friedmans_statistic_is_the_papers_formula_where_nothing_ties() -> None:
    scores = scores_of_rows()
    found = compare_ranks(scores)
    for row in scores:
        ranks = [1 + sum(other[task] > scores[row][task] for other in scores.values()) for task in range(14)]
        assert found.mean_ranks[row] == pytest.approx(np.mean(ranks))
    assert list(found.mean_ranks.values()) == sorted(found.mean_ranks.values())
    statistic = 12 * 14 / (4 * 5) * (sum(rank**2 for rank in found.mean_ranks.values()) - 4 * 5**2 / 4)
    assert found.chi_square == pytest.approx(statistic)
    assert found.tasks == 14


# Demsar 2006, table 6: AUC of C4.5 without and with -m, -cf and both, on 14 datasets. Of the 13th the paper prints .975
# for the last two and ranks the first of them before the second, so that it is a little larger here.
DEMSAR = {
    "C4.5": [
        0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957,
    ],
    "C4.5+m": [
        0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978,
    ],
    "C4.5+cf": [
        0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946,
    ],
    "C4.5+m+cf": [
        0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970,
    ],
}  # fmt: skip


def test_iman_and_davenports_statistic_is_that_of_demsars_example() -> None:
    """Section 3.2.2: chi-square 9.28 of 4 rows on 14 tasks gives 3.69; at 5 % F(3, 39) has the critical value 2.85."""
    statistic, p_value = iman_davenport(9.28, 4, 14)
    assert statistic == pytest.approx(3.69, abs=0.005)
    assert 0.01 < p_value < 0.05
    critical = 14 * 3 * 2.85 / (13 + 2.85)
    assert iman_davenport(critical, 4, 14) == (pytest.approx(2.85), pytest.approx(0.05, abs=5e-4))


def test_its_p_value_is_that_of_an_analysis_of_variance_of_the_ranks() -> None:
    """Of rows and tasks, written out; with ties as in Demsar's data and without."""
    for scores in (DEMSAR, scores_of_rows()):
        found = compare_ranks(scores)
        ranks = stats.rankdata(-np.array(list(scores.values())), axis=0)
        rows, tasks = ranks.shape
        by_row, by_task = ranks.mean(axis=1, keepdims=True), ranks.mean(axis=0, keepdims=True)
        between = tasks * np.square(by_row - ranks.mean()).sum() / (rows - 1)
        rest = np.square(ranks - by_row - by_task + ranks.mean()).sum() / ((rows - 1) * (tasks - 1))
        assert found.chi_square == pytest.approx(stats.friedmanchisquare(*scores.values()).statistic)
        assert found.f_statistic == pytest.approx(between / rest)
        assert found.p_value == pytest.approx(stats.f.sf(between / rest, rows - 1, (rows - 1) * (tasks - 1)))


def test_the_ranks_of_demsars_example_are_the_printed_ones() -> None:
    printed = {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}
    assert compare_ranks(DEMSAR).mean_ranks == pytest.approx(printed, abs=5e-4)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("tasks", [2, 3])
def test_where_all_tasks_agree_the_p_value_is_the_share_of_all_rankings_that_do(tasks: int, tied: bool) -> None:
    one = [1.0, 2.0, 2.0, 3.0] if tied else [1.0, 2.0, 2.5, 3.0]
    found = compare_ranks({str(row): [score] * tasks for row, score in enumerate(one)})
    orders = set(itertools.permutations(one))
    agree = sum(len(set(drawn)) == 1 for drawn in itertools.product(orders, repeat=tasks))
    assert found.chi_square == pytest.approx(tasks * 3)
    assert found.f_statistic == np.inf
    assert found.p_value == pytest.approx(agree / len(orders) ** tasks)


def test_rows_that_tie_everywhere_are_not_found_to_differ() -> None:
    found = compare_ranks({name: [0.5, 0.7] for name in "abc"})
    assert (found.chi_square, found.f_statistic, found.p_value) == (0, 0, 1)
    assert found.groups == (("a", "b", "c"),)


def test_two_rows_whose_p_value_is_just_the_level_do_not_differ() -> None:
    scores = scores_of_rows()
    found = compare_ranks(scores)
    best, *_, last = found.mean_ranks
    p = found.p_values[best, last]
    assert tuple(found.mean_ranks) in compare_ranks(scores, p).groups
    assert not any({best, last} <= set(group) for group in compare_ranks(scores, np.nextafter(p, 1)).groups)


def test_ties_share_their_mean_rank() -> None:
    found = compare_ranks({"a": [1.0, 1.0], "b": [1.0, 2.0], "c": [0.0, 2.0]})
    assert found.mean_ranks == {"b": 1.5, "a": 2.25, "c": 2.25}


def test_rows_in_a_group_are_those_that_do_not_differ() -> None:
    found = compare_ranks(scores_of_rows())
    for (one, other), p in found.p_values.items():
        differ = abs(found.mean_ranks[one] - found.mean_ranks[other]) > found.critical_difference
        assert differ == (p < 0.05)
        assert differ != any({one, other} <= set(group) for group in found.groups)
    separate = {name: [float(level) * 10 + task for task in range(30)] for level, name in enumerate("abcd")}
    assert compare_ranks(separate).groups == ()
    equal = {name: [float((task + level) % 3) for task in range(30)] for level, name in enumerate("abc")}
    assert compare_ranks(equal).groups == (("a", "b", "c"),)


def ranked(*orders: tuple[str, int]) -> dict[str, list[float]]:
    """Scores of rows on as many tasks as are said to rank them in each order, the best first."""
    tasks = [order for order, count in orders for _ in range(count)]
    return {row: [-float(order.index(row)) for order in tasks] for row in sorted(orders[0][0])}


def test_groups_are_the_largest_that_hold_together_and_may_overlap() -> None:
    """Of four rows on twenty tasks the critical difference is 2.569 sqrt(20 / 120) = 1.05 (Demsar, table 5)."""
    pairs = compare_ranks(ranked(("abcd", 10), ("badc", 10)))
    assert pairs.alpha == 0.05
    assert pairs.critical_difference == pytest.approx(1.05, abs=5e-3)
    assert (list(pairs.mean_ranks.values()), pairs.groups) == ([1.5, 1.5, 3.5, 3.5], (("a", "b"), ("c", "d")))
    ladder = compare_ranks(ranked(("abcd", 14), ("dcba", 6)))
    assert list(ladder.mean_ranks.values()) == pytest.approx([1.9, 2.3, 2.7, 3.1])
    assert ladder.groups == (("a", "b", "c"), ("b", "c", "d"))
    apart = compare_ranks(ranked(("abcd", 10), ("abdc", 10)))  # a from b by 1.0, b from c and d by 1.5
    assert apart.groups == (("a", "b"), ("c", "d"))


@pytest.mark.parametrize("scores", [{"a": [1.0, 2.0], "b": [1.0, 2.0]}, {name: [1.0] for name in "abc"}])
def test_too_few_rows_or_tasks_are_refused(scores: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="expected three rows or more"):
        compare_ranks(scores)


def cases(seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    targets = (generator.random(80) < 0.4).astype(float)
    common = generator.normal(size=80) + targets
    first, second = common + generator.normal(size=80), common + generator.normal(size=80)
    return (targets, np.round(first * 2), np.round(second * 2)) if ties else (targets, first, second)


@pytest.mark.parametrize("ties", [False, True])
def test_delongs_covariance_is_that_of_the_structural_components(ties: bool) -> None:
    """DeLong et al. 1988, equations 3 to 6, pair by pair."""
    targets, *scores = cases(0, ties)

    def components(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        psi = np.array([[(x > y) + 0.5 * (x == y) for y in score[targets == 0]] for x in score[targets == 1]])
        return psi.mean(axis=1), psi.mean(axis=0)

    (v10a, v01a), (v10b, v01b) = (components(score) for score in scores)
    expected = np.cov(v10a, v10b) / len(v10a) + np.cov(v01a, v01b) / len(v01a)
    found = delong_test(targets, *scores)
    assert found.auroc == pytest.approx((v10a.mean(), v10b.mean()), abs=1e-12)
    assert np.allclose(found.covariance, expected, rtol=1e-10)
    variance = expected[0, 0] + expected[1, 1] - 2 * expected[0, 1]
    assert found.z == pytest.approx((v10a.mean() - v10b.mean()) / variance**0.5)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.z or 0)))


def test_delongs_test_is_right_five_times_in_a_hundred_where_both_scores_are_equally_good() -> None:
    p_values = [delong_test(*cases(seed, False)).p_value for seed in range(400)]
    assert 0.02 <= np.mean([p is not None and p < 0.05 for p in p_values]) <= 0.08


def test_the_same_score_twice_has_no_test() -> None:
    targets, first, _ = cases(1, False)
    found = delong_test(targets, first, 2 * first)
    assert (found.z, found.p_value) == (None, None)
    for wrong in ([0, 0, 0, 1], [0, 0.5, 1, 1]):
        with pytest.raises(ValueError, match="expected"):
            delong_test(wrong, [1, 2, 3, 4], [1, 2, 3, 4])


def test_equivalence_is_statsmodels_two_one_sided_tests() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(0.7, 0.01, 8), generator.normal(0.702, 0.02, 11)
    for margin in (0.005, 0.02):
        found = equivalence(list(a), list(b), margin)
        p, _, _ = ttost_ind(a, b, -margin, margin, usevar="pooled")
        assert found.p_value == pytest.approx(p)
        assert found.equivalent == (p < 0.05)
        assert found.difference == pytest.approx(a.mean() - b.mean())


def test_five_percent_is_the_level_where_none_is_given() -> None:
    """A t-statistic of the nearer limit just below and just above the critical value."""
    a, b = [0.70, 0.71, 0.72, 0.70], [0.71, 0.70, 0.73, 0.71]
    error = np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 4)
    for share, shown in ((0.99, False), (1.01, True)):
        margin = float(np.mean(b) - np.mean(a) + share * stats.t.isf(0.05, 6) * error)
        assert equivalence(a, b, margin).equivalent == shown
        moments = [float(number) for of in (a, b) for number in (np.mean(of), np.std(of, ddof=1), 4)]
        assert equivalence_from_summary(*moments, margin=margin).equivalent == shown  # type: ignore[arg-type]


def test_a_p_value_of_just_the_level_does_not_show_equivalence() -> None:
    a, b = [0.70, 0.71, 0.72, 0.70], [0.71, 0.70, 0.73, 0.71]
    p = equivalence(a, b, 0.02).p_value
    assert p is not None
    assert [equivalence(a, b, 0.02, alpha).equivalent for alpha in (p, np.nextafter(p, 1))] == [False, True]


def test_without_spread_or_with_one_run_nothing_is_shown() -> None:
    for a, b in (([0.5, 0.5], [0.5, 0.5]), ([0.5], [0.5, 0.6])):
        found = equivalence(a, b, 0.1)
        assert (found.p_value, found.equivalent) == (None, False)
        assert found.difference == pytest.approx(np.mean(a) - np.mean(b))
    with pytest.raises(ValueError, match="positive margin"):
        equivalence([0.5, 0.6], [0.5, 0.6], 0.0)


def test_of_the_eight_shaded_cells_of_the_benchmarks_table_2_only_lung_segmentations_are_equivalent() -> None:
    """Not significantly different from the best is not equal to it: within half a point only three are shown to be."""
    shaded = [
        (column, equivalence_from_summary(mean, std, 10, *cells["best"], 10, margin=0.5, ddof=0).equivalent)  # type: ignore[misc]
        for column, cells in TABLE_2.items()
        for mean, std, mark in cells["others"]  # type: ignore[misc]
        if mark
    ]
    assert len(shaded) == 8
    assert [column for column, equivalent in shaded if equivalent] == ["LXS", "LXS", "LXS"]
    assert sum(column == "LXS" for column, _ in shaded) == 3


def test_every_pair_of_rows_has_a_p_value() -> None:
    found = compare_ranks(scores_of_rows())
    assert set(found.p_values) == set(itertools.combinations(found.mean_ranks, 2))
