"""A control: how a difference between two rows that should be alike is tested."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.control import differ
from analysis.shares import wilson


def test_of_rows_with_one_spread_it_is_welchs_test() -> None:
    """Where both rows vary alike, on the logit scale too, the shrunk variances are their own ones."""
    first, second = [0.44, 0.46, 0.48], [0.52, 0.54, 0.56]
    found = differ(first, second, 0.05)
    welch = stats.ttest_ind(second, first, equal_var=False)
    assert found.value == pytest.approx(0.08)
    assert found.p == pytest.approx(welch.pvalue)
    assert found.found
    assert not differ(first, second, found.p / 2).found


def test_a_row_that_varies_less_than_the_other_by_chance_is_given_more_spread() -> None:
    first, second = [0.501, 0.500, 0.499] * 3, [0.53, 0.50, 0.56] * 3
    assert differ(first, second, 0.05).p > stats.ttest_ind(first, second, equal_var=False).pvalue


def test_it_does_not_matter_which_row_is_first() -> None:
    first, second = [0.70, 0.72, 0.74, 0.71], [0.80, 0.72, 0.78, 0.75]
    one, other = differ(first, second, 0.05), differ(second, first, 0.05)
    assert (one.value, one.p) == (pytest.approx(-other.value), pytest.approx(other.p))


def test_only_the_first_runs_of_the_longer_row_count() -> None:
    first, second = [0.70, 0.72, 0.74], [0.80, 0.72, 0.78, 0.1, 0.1]
    assert differ(first, second, 0.05) == differ(first, second[:3], 0.05)


def test_rows_without_spread_differ_if_their_means_do() -> None:
    assert differ([0.9] * 5, [0.9] * 3, 0.05) == (pytest.approx(0, abs=1e-15), 1.0, False)
    assert differ([0.75] * 3, [0.5] * 3, 0.05) == (-0.25, 0.0, True)


@pytest.mark.parametrize("runs", [2, 3, 10])
@pytest.mark.parametrize("spreads", [(0.01, 0.01), (0.01, 0.02)])
def test_alarms_are_no_more_frequent_than_the_level(runs: int, spreads: tuple[float, float]) -> None:
    generator = np.random.default_rng(runs)
    drawn = 0.85 + np.array(spreads)[:, None] * generator.standard_normal((1500, 2, runs))
    alarms = sum(differ(list(first), list(second), 0.05).found for first, second in np.clip(drawn, 0, 1))
    assert wilson(alarms, 1500)[0] <= 0.05


@pytest.mark.parametrize(
    ("scores", "level"), [(([0.9], [0.8, 0.7]), 0.05), (([0.9, 0.8], [0.7, 0.8]), 0.0), (([0.9, 0.8], [0.7, 0.8]), 1.0)]
)
def test_what_cannot_be_tested_is_refused(scores: tuple[list[float], list[float]], level: float) -> None:
    with pytest.raises(ValueError, match="two or more runs of each row and a level in"):
        differ(*scores, level)
