"""Shares: Wilson's interval beside that of statsmodels."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.shares import wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (7, 7), (512, 600)])
def test_the_interval_is_wilsons(successes: int, trials: int) -> None:
    assert wilson(successes, trials) == pytest.approx(proportion_confint(successes, trials, method="wilson"))


def test_nothing_is_known_without_trials() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
