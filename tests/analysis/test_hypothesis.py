"""Verdicts on sums of means: against scipy's tests, and how often they are false."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.hypothesis import Evidence, Hypothesis, Kind, Mean, Variance, evidence, verdicts

MORE, EQUAL = Hypothesis("more", 1.0), Hypothesis("equal", 1.0)


def test_a_difference_of_two_means_is_tested_as_welch_does() -> None:
    first, second = Mean(96.32, 0.65, 10), Mean(95.62, 0.63, 7)
    found = evidence([first, second], [1, -1], MORE)
    theirs = stats.ttest_ind_from_stats(96.32, 0.65, 10, 95.62, 0.63, 7, equal_var=False, alternative="greater")
    assert found.p_for == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.p_against == pytest.approx(1 - theirs.pvalue, rel=1e-9)
    assert found.estimate == pytest.approx(0.70)
    shifted = [
        stats.ttest_ind_from_stats(96.32 + by, 0.65, 10, 95.62, 0.63, 7, equal_var=False, alternative=side).pvalue
        for by, side in ((1.0, "greater"), (-1.0, "less"))
    ]
    assert found.p_negligible == pytest.approx(max(shifted), rel=1e-9)
    assert evidence([first, second], [1, -1], EQUAL).p_for == pytest.approx(max(shifted), rel=1e-9)


def test_an_error_of_reading_widens_the_interval_as_much_as_its_variance() -> None:
    exact = evidence([Mean(1.0, 0.5, 10), Mean(0.0, 0.5, 10)], [1, -1], MORE)
    read = evidence([Mean(1.0, 0.5, 10, reading=0.3), Mean(0.0, 0.5, 10)], [1, -1], MORE)
    assert exact.interval is not None and read.interval is not None
    error = math.sqrt(0.5**2 / 10 * 2 + 0.3**2)
    assert (read.interval[1] - read.interval[0]) / 2 == pytest.approx(stats.norm.isf(0.025) * error, rel=0.02)
    assert exact.interval[1] - exact.interval[0] < read.interval[1] - read.interval[0]


@pytest.mark.parametrize(
    ("means", "lacking"),
    [
        ([Mean(1.0, None, 10), Mean(0.0, 1.0, 10)], "spread"),
        ([Mean(1.0, 1.0, None), Mean(0.0, 1.0, 10)], "number of runs"),
        ([Mean(1.0, 1.0, 1), Mean(0.0, 1.0, 10)], "single run"),
        ([Mean(1.0, 0.0, 10), Mean(0.0, 0.0, 10)], "do not vary"),
    ],
)
def test_without_a_spread_nothing_is_tested_and_it_is_said_why(means: list[Mean], lacking: str) -> None:
    found = evidence(means, [1, -1], MORE)
    assert lacking in found.lacking and found.p_for is None and found.estimate == 1.0
    assert verdicts([(MORE, found)]) == ["untested"]


def test_a_sum_without_any_weight_is_not_tested() -> None:
    told = evidence([Mean(1.0, 1.0, 3), Mean(2.0, 1.0, 3)], [0.0, 0.0], MORE)
    assert told.lacking == "no mean has a weight" and told.p_for is None


def found(effect: float, std: float = 0.5) -> Evidence:
    return evidence([Mean(effect, std, 10), Mean(0.0, std, 10)], [1, -1], MORE)


def test_each_verdict_has_its_case() -> None:
    cases = {3.0: "supported", -3.0: "contradicted", 0.1: "negligible", 1.2: "supported"}
    for effect, verdict in cases.items():
        assert verdicts([(MORE, found(effect))]) == [verdict]
    assert verdicts([(MORE, found(0.5, std=3.0))]) == ["undecided"]
    wide = evidence([Mean(3.0, 0.5, 10), Mean(0.0, 0.5, 10)], [1, -1], EQUAL)
    assert verdicts([(EQUAL, wide)]) == ["contradicted"]
    assert verdicts([(EQUAL, evidence([Mean(0.1, 0.5, 10), Mean(0.0, 0.5, 10)], [1, -1], EQUAL))]) == ["supported"]


def test_correction_is_over_all_that_are_judged_together() -> None:
    borderline = found(0.6, std=0.7)
    assert borderline.p_for is not None and 0.02 < borderline.p_for < 0.05
    assert verdicts([(MORE, borderline)]) == ["supported"]
    assert verdicts([(MORE, borderline)] + [(MORE, found(0.0, std=2.0))] * 9)[0] == "undecided"


@pytest.mark.parametrize("kind", ["more", "equal"])
def test_false_verdicts_are_as_rare_as_the_level_says(kind: str) -> None:
    """At the borders of what is claimed, over families of ten claims with three to ten runs and unequal spreads."""
    rng = np.random.default_rng(5)
    hypothesis = Hypothesis("more" if kind == "more" else "equal", 1.0)
    effect, families, wrong = (0.0 if kind == "more" else 1.0), 400, 0
    for _ in range(families):
        asked = []
        for _ in range(10):
            runs, stds = rng.integers(3, 11, 2), rng.uniform(0.2, 2.0, 2)
            samples = [rng.normal(mean, std, n) for mean, std, n in zip((effect, 0.0), stds, runs, strict=True)]
            means = [Mean(float(one.mean()), float(one.std(ddof=1)), len(one)) for one in samples]
            asked.append((hypothesis, evidence(means, [1, -1], hypothesis)))
        wrong += "supported" in verdicts(asked)
    assert stats.binomtest(wrong, families, 0.05, alternative="greater").pvalue > 0.01


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 5), st.integers(2, 12)), min_size=2, max_size=5),
    st.floats(1e-6, 4),
    st.sampled_from([5.0, 40.0, math.inf]),
    st.sampled_from(["more", "equal"]),
)
def test_of_new_patients_nothing_is_said_more_surely_than_of_these(
    drawn: list[tuple[float, float, int]], of_patients: float, freedom: float, kind: Kind
) -> None:
    """With few runs a well-known variance adds degrees of freedom: 3 runs each would give a narrower interval."""
    means, weights = [Mean(*one) for one in drawn], [1.0, *([-1.0] * (len(drawn) - 1))]
    asked = Hypothesis(kind, 0.5)
    these = evidence(means, weights, asked)
    new = evidence(means, weights, asked, [Variance(of_patients, freedom)])
    assert these.interval and new.interval
    assert new.interval[0] <= these.interval[0] and new.interval[1] >= these.interval[1]
    for name in ("p_for", "p_against", "p_negligible"):
        assert getattr(new, name) >= getattr(these, name)


def test_a_margin_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="margin above 0"):
        Hypothesis("more", 0.0)


def test_the_variance_over_new_patients_adds_to_that_of_the_runs() -> None:
    """Satterthwaite's degrees of freedom are written out, with a variance that is known and one of 12 patients."""
    means, asked = [Mean(1.5, 1.0, 5), Mean(0.0, 2.0, 5)], Hypothesis("more", 0.5)
    of_runs, squares = 1 / 5 + 4 / 5, (1 / 5) ** 2 / 4 + (4 / 5) ** 2 / 4
    known = evidence(means, [1, -1], asked, [Variance(0.7, math.inf)])
    freedom = (of_runs + 0.7) ** 2 / squares
    assert known.p_for == pytest.approx(stats.t.sf(1.5 / (of_runs + 0.7) ** 0.5, freedom))
    found = evidence(means, [1, -1], asked, [Variance(0.7, math.inf), Variance(0.4, 11)])
    freedom = (of_runs + 1.1) ** 2 / (squares + 0.4**2 / 11)
    assert found.p_for == pytest.approx(stats.t.sf(1.5 / (of_runs + 1.1) ** 0.5, freedom))
    alone = evidence(means, [1, -1], asked)
    assert alone.p_for is not None and found.p_for is not None and alone.p_for < found.p_for
    still = [Mean(1.5, 0.0, 5), Mean(0.0, 0.0, 5)]
    assert (
        evidence(still, [1, -1], asked, [Variance(0.7, 9)]).lacking == "the runs do not vary, so nothing can be tested"
    )
