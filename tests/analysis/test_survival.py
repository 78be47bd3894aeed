"""Times to an event that not every run reaches: closed forms and another library's log-rank test."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics import holm
from analysis.survival import (
    Duration,
    compare_durations,
    least_p_value,
    log_rank_scores,
    median_duration,
    permuted_log_rank,
)


def reached(*times: float) -> list[Duration]:
    return [Duration(time, True) for time in times]


def ended(*times: float) -> list[Duration]:
    return [Duration(time, False) for time in times]


@pytest.mark.parametrize(
    ("durations", "median"),
    [
        (reached(3), Duration(3, True)),
        (reached(9, 1, 4), Duration(4, True)),
        (reached(9, 1, 4, 5), Duration(4, True)),
        (reached(4, 9) + ended(20), Duration(9, True)),
        (reached(4, 9) + ended(20, 20), Duration(9, True)),
        (reached(4) + ended(20, 20), Duration(20, False)),
        (ended(20, 20, 20), Duration(20, False)),
        (reached(4, 9) + ended(5), Duration(9, True)),
        (ended(5, 20, 30), Duration(20, False)),
        (reached(25) + ended(5, 20, 30), Duration(5, False)),
    ],
)
def test_the_median_is_when_half_of_the_runs_had_reached_it(durations: list[Duration], median: Duration) -> None:
    for order in itertools.permutations(durations):
        assert median_duration(order) == median


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=9), st.integers(1, 30))
def test_a_median_is_a_bound_whatever_the_ended_runs_had_done(drawn: list[tuple[int, bool]], later: int) -> None:
    found = median_duration([Duration(time, was) for time, was in drawn])
    times = sorted(time if was else time + later for time, was in drawn)
    true = times[-(-len(times) // 2) - 1]
    assert found.reached == (2 * sum(was for _, was in drawn) >= len(drawn))
    assert true <= found.time if found.reached else true > found.time


def test_no_durations_have_no_median() -> None:
    with pytest.raises(ValueError, match="no durations"):
        median_duration([])


@given(st.integers(0, 10_000))
def test_scores_of_one_censoring_time_add_up_to_scipys_log_rank_statistic(seed: int) -> None:
    """The variance of scipy's statistic is written out here: the hypergeometric one, added over the event times."""
    times = np.random.default_rng(seed).integers(1, 12, 12)
    durations = [Duration(float(min(time, 8)), bool(time <= 8)) for time in times]
    scores, mine = log_rank_scores(durations), np.arange(12) < 7
    assert scores.sum() == pytest.approx(0, abs=1e-12)
    variance = 0.0
    for time in np.unique(times[times <= 8]):
        n, own, events = (times >= time).sum(), (times[mine] >= time).sum(), (times == time).sum()
        variance += events * own * (n - own) * (n - events) / (n**2 * (n - 1)) if n > 1 else 0.0
    if not variance:
        return  # scipy's statistic is not defined
    x, y = (
        stats.CensoredData(uncensored=of[of <= 8], right=np.full((of > 8).sum(), 8)) for of in (times[:7], times[7:])
    )
    assert scores[:7].sum() / np.sqrt(variance) == pytest.approx(stats.logrank(x, y).statistic, abs=1e-9)


def test_the_smallest_p_value_is_that_of_the_two_extreme_assignments() -> None:
    for size in (2, 3, 5):
        fast, slow = reached(*range(1, size + 1)), reached(*range(10, 10 + size))
        assert permuted_log_rank(fast, slow) == permuted_log_rank(slow, fast) == pytest.approx(2 / comb(2 * size, size))
        assert least_p_value(size) == permuted_log_rank(fast, slow)


def test_many_runs_are_shared_out_at_random_and_always_alike() -> None:
    generator = np.random.default_rng(0)
    a, b = (reached(*generator.exponential(scale, 40)) for scale in (1.0, 1.6))
    found = permuted_log_rank(a, b)
    usual = stats.logrank([one.time for one in a], [one.time for one in b]).pvalue
    assert found == permuted_log_rank(a, b)
    assert found == pytest.approx(usual, abs=0.015)
    assert permuted_log_rank(reached(*range(40)), reached(*range(100, 140))) == least_p_value(40) == 1 / 10_000


def test_a_row_that_gives_up_early_is_told_from_one_that_gets_there() -> None:
    assert permuted_log_rank(ended(3, 3, 3, 3, 3), reached(4, 4, 4, 4, 4)) == pytest.approx(2 / comb(10, 5))


def test_what_says_nothing_is_not_tested() -> None:
    assert permuted_log_rank(reached(1), reached(2, 3)) is permuted_log_rank(reached(2, 3), reached(1)) is None
    assert permuted_log_rank(ended(5, 5), ended(5, 5)) is None
    assert permuted_log_rank(reached(5, 5), reached(5, 5)) is None


@given(st.integers(0, 10_000))
def test_the_level_holds_among_few_runs(seed: int) -> None:
    """Of all ways to share given runs out, at most a share of p has a p-value of p or less."""
    times = np.random.default_rng(seed).integers(1, 6, 6)
    durations = [Duration(float(min(time, 4)), bool(time <= 4)) for time in times]
    found = []
    for chosen in itertools.combinations(range(6), 3):
        p = permuted_log_rank([durations[i] for i in chosen], [durations[i] for i in range(6) if i not in chosen])
        found.append(1.0 if p is None else p)
    for level in found:
        assert np.mean(np.array(found) <= level + 1e-12) <= level + 1e-12


def test_a_p_value_of_just_the_level_shows_no_difference() -> None:
    times = {"random": {"A": reached(10, 11, 12)}, "fast": {"A": reached(1, 2, 3)}}
    p = compare_durations(times, "random")["fast", "A"].p_holm
    assert p is not None
    for level, mark in ((p, "no difference shown"), (np.nextafter(p, 1), "sooner")):
        assert compare_durations(times, "random", level)["fast", "A"].mark == mark


def test_a_table_is_corrected_over_all_of_its_tests() -> None:
    times = {
        "random": {"A": reached(10, 11, 12, 13, 14), "B": reached(5, 6, 7, 8, 9)},
        "fast": {"A": reached(1, 2, 3, 4, 5), "B": reached(5, 6, 7, 8, 9)},
        "slow": {"A": ended(20, 20, 20, 20, 20), "B": []},
        "single": {"A": ended(20), "C": reached(1, 2, 3)},
    }
    found = compare_durations(times, "random")
    assert set(found) == {(row, column) for row, columns in times.items() for column, of in columns.items() if of}
    assert [found[row, "A"].mark for row in times] == ["reference", "sooner", "later", "untested"]
    assert found["fast", "B"].mark == "no difference shown"
    tested = [("fast", "A"), ("fast", "B"), ("slow", "A")]
    assert [found[place].p_holm for place in tested] == pytest.approx(holm([found[place].p_value for place in tested]))
    assert found["fast", "A"].p_value == pytest.approx(2 / comb(10, 5))
    assert (found["slow", "A"].reached, found["slow", "A"].runs) == (0, 5)
    with pytest.raises(ValueError, match="no row 'x'"):
        compare_durations(times, "x")
