"""Rows that a user writes: what cannot be made is refused when the row is read, before anything runs."""

from __future__ import annotations

import pytest

import medtransfer as mt
from experiments.session.question import Question
from experiments.tables.rows import rows_of
from specs.errors import UsageError
from specs.row import parse_row

DRAWN = ("random", "mean_var(fractals)", 'transfuse(fractals, through="conv1")', "gabor", "batch_norm(fractals)")
"""Weights of which each seed has others."""

SAME = ("fractals", "imagenet", 'continual(random, on="drive")', 'file("mine.pth")')
"""Weights that are the same for each seed; a pretraining here has a seed of its own."""


@pytest.mark.parametrize("weights", DRAWN)
def test_a_soup_of_networks_that_start_apart_is_refused_when_its_row_is_read(weights: str) -> None:
    with pytest.raises(UsageError, match=r"is drawn anew for each seed.* adapt drawn ones by full"):
        rows_of([parse_row(f"Mine = {weights} by soup(3)")])
    assert rows_of([parse_row(f"Mine = {weights} by wise_ft")])[0].adaptation == "wise_ft"


@pytest.mark.parametrize("weights", SAME)
def test_a_soup_of_networks_that_start_alike_is_a_row(weights: str) -> None:
    assert rows_of([parse_row(f"Mine = {weights} by soup(2)")])[0].adaptation == "soup(members=2)"


def test_one_is_refused_too_where_a_setting_or_a_single_run_asks_for_it() -> None:
    asked = Question(dataset="drive", initializers=("fractals", "random"), settings={"adaptation": "soup(2)"})
    with pytest.raises(UsageError, match="random is drawn anew"):
        asked.table()
    with pytest.raises(UsageError, match="random is drawn anew"):
        mt.Session().spec(
            dataset="drive", backbone="tiny(width=4)", initializer="random by soup", recipe="phantom/segmentation"
        )
