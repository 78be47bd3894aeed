"""What a race is held to, by what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.decision import Rules
from experiments.session.budget import Budget
from experiments.session.comparing import rules_of
from experiments.session.question import Question
from specs.errors import UsageError


def rules(**asked: Any) -> Rules:
    rows = asked.pop("initializers", ("random", "gabor"))
    return rules_of(Question(dataset="drive", initializers=rows, **asked))


def test_by_default_it_is_seventy_percent_of_the_full_grid() -> None:
    """Two rows: 26 runs, of which 18 may be done, six of them to tune."""
    assert rules() == Rules(margin=0.01, level=0.05, most=12)


def test_a_budget_counts_the_runs_that_tune() -> None:
    assert rules(budget=Budget(runs=26)).most == 20
    assert rules(budget=Budget(seconds=60.0)).most is None


def test_in_folds_a_seed_costs_a_run_in_each() -> None:
    found = rules(budget=Budget(runs=100), learning_rates=(1e-3,), folds=5)
    assert found.most == (100 - 2 * 1 * 5) // 5
    with pytest.raises(
        UsageError, match=r"29 runs do not reach the first look. Expected 30 or more: 10 runs that tune"
    ):
        rules(budget=Budget(runs=29), learning_rates=(1e-3,), folds=5)


def test_each_pick_is_for_one_run() -> None:
    assert rules(retune=5).looks == (2, 3, 4, 5)
    assert rules(retune=3).looks == (2, 3)
    assert rules(retune=20).looks == Rules().looks


def test_so_many_rates_that_nothing_is_left_are_refused_with_a_remedy() -> None:
    many = tuple(10.0**-number for number in range(1, 31))
    with pytest.raises(UsageError, match="Name what may be spent: --budget"):
        rules(learning_rates=many)
    assert rules(learning_rates=many, budget=Budget(runs=64)).most == 4


@pytest.mark.parametrize(
    ("asked", "words"), [({"margin": -1.0}, "expected a margin"), ({"folds": 2}, "3 folds or more")]
)
def test_what_makes_no_sense_is_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rules(**asked)
