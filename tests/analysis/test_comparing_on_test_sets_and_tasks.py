"""DeLong's test, ranks over tasks and equivalence against definitions and published examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from analysis.delong import delong_test
from analysis.equivalence import equivalence, equivalence_from_summary
from analysis.ranks import compare_ranks
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
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 3))
    assert found.tasks == 14


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


def test_without_spread_or_with_one_run_nothing_is_shown() -> None:
    for a, b in (([0.5, 0.5], [0.5, 0.5]), ([0.5], [0.5, 0.6])):
        found = equivalence(a, b, 0.1)
        assert (found.p_value, found.equivalent) == (None, False)
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
