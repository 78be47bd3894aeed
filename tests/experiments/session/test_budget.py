"""Budgets: runs, or hours of runs."""

from __future__ import annotations

import pytest

from experiments.session.budget import Budget, parse_budget
from specs.errors import UsageError


@pytest.mark.parametrize(
    ("text", "budget", "shown"),
    [
        ("40", Budget(runs=40), "40 runs"),
        (" 40 runs ", Budget(runs=40), "40 runs"),
        ("2h", Budget(seconds=7200), "2 hours of runs"),
        ("1.5 h", Budget(seconds=5400), "1.5 hours of runs"),
        ("90min", Budget(seconds=5400), "1.5 hours of runs"),
        ("50min", Budget(seconds=3000), "50 minutes of runs"),
    ],
)
def test_a_budget_is_read_and_shown(text: str, budget: Budget, shown: str) -> None:
    assert parse_budget(text) == budget
    assert str(budget) == shown


@pytest.mark.parametrize("text", ["", "0", "0h", "2.5", "-3", "2d", "nan", "1e3", "h"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a budget of runs or time"):
        parse_budget(text)
