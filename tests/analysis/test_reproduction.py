"""Reproduction: Welch's interval, the error of an area by its cases, and how often a true one is called none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.reproduction import Reported, auroc_error, reproduction


def test_what_runs_explain_is_welchs_interval() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = generator.normal(80, 1, 7), generator.normal(81, 2, 5)
    found = reproduction(ours.tolist(), Reported(theirs.mean(), theirs.std(ddof=1), 5), None, 0.05)
    interval = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert found.difference - (found.by_runs or 0) == pytest.approx(interval.low)
    assert found.difference + (found.by_runs or 0) == pytest.approx(interval.high)


@pytest.mark.parametrize(
    ("reported", "test_error", "tolerance", "verdict"),
    [
        (Reported(80.0, 1.0, 10), None, 0.0, "runs"),
        (Reported(83.0, 1.0, 10), None, 0.0, "not"),
        (Reported(83.0, 1.0, 10), 2.0, 0.0, "test set"),
        (Reported(83.0, 1.0, 10), 0.1, 0.0, "not"),
        (Reported(83.0, 1.0, 10), None, 3.0, "runs"),
        (Reported(82.0, None, None), None, 0.0, "runs"),  # one reported run may lie so far away
        (Reported(86.0, None, None), None, 0.0, "not"),
    ],
)
def test_verdicts(reported: Reported, test_error: float | None, tolerance: float, verdict: str) -> None:
    ours = [79.0, 80.0, 81.0, 80.0, 79.0, 81.0]
    assert reproduction(ours, reported, test_error, 0.05, tolerance).verdict == verdict


def test_a_single_run_has_the_reported_spread_and_nothing_is_judged_without_any() -> None:
    found = reproduction([80.0], Reported(80.0, 1.0, 10), None, 0.05)
    assert found.by_runs == pytest.approx(stats.t.ppf(0.975, 9) * math.sqrt(1.1))  # Student's, of one spread
    assert reproduction([80.0], Reported(60.0, None, 10), None, 0.05).verdict == "untold"
    assert reproduction([80.0, 80.0], Reported(80.0, 0.0, 10), None, 0.05).verdict == "runs"


def test_the_error_of_an_area_is_that_of_hanley_and_mcneils_example() -> None:
    assert auroc_error(0.893, 51, 58) == pytest.approx(0.032, abs=0.001)  # their table I, 109 patients


def test_at_most_one_in_twenty_true_reproductions_of_a_whole_table_is_called_none() -> None:
    generator, cells, tables = np.random.default_rng(1), 8, 300
    wrong = 0
    for _ in range(tables):
        theirs, ours = generator.normal(80, 1, (cells, 10)), generator.normal(80, 2, (cells, 5))
        verdicts = [
            reproduction(mine.tolist(), Reported(other.mean(), other.std(ddof=1), 10), None, 0.05 / cells).verdict
            for mine, other in zip(ours, theirs, strict=True)
        ]
        wrong += "not" in verdicts
    assert stats.binomtest(wrong, tables, 0.05, alternative="greater").pvalue > 0.01
