"""A recipe of pretrainings reaches the pretraining that it is for, or is refused."""

from __future__ import annotations

import pytest

import medtransfer as mt
from experiments.run.recipes import recipe_named
from experiments.session.question import Question
from specs.errors import UsageError

NAME = "phantom/smoke_pretraining"
GIVEN = {"backbone": "tiny(width=4)", "edition": "phantom"}


def test_supervised_pretrainings_take_it_at_any_depth() -> None:
    session = mt.Session()
    recipe = recipe_named(NAME)
    assert session.pretraining("fractals", recipe=NAME, **GIVEN).recipe == recipe  # type: ignore[arg-type]
    inner = session.pretraining('ssl("moco_v2", on="fractals", source=fractals)', recipe=NAME, **GIVEN)  # type: ignore[arg-type]
    assert inner.pretraining == recipe
    asked = Question(dataset="drive", initializers=("random", "mean_var(fractals)"), pretraining=NAME)
    assert asked.table().pretraining == recipe


@pytest.mark.parametrize("weights", ['ssl("moco_v2", on="fractals")', f'supervised(on="fractals", recipe="{NAME}")'])
def test_pretrainings_with_a_recipe_of_their_own_refuse_another_one(weights: str) -> None:
    with pytest.raises(UsageError, match=r"need none of these. Name a recipe inside the expression"):
        mt.Session().pretraining(weights, recipe=NAME, **GIVEN)  # type: ignore[arg-type]


def test_rows_without_pretrainings_refuse_a_recipe_of_them() -> None:
    told = r"recipe of pretrainings \(--pretraining\) is the recipe of supervised .* random and imagenet need none"
    with pytest.raises(UsageError, match=told):
        Question(dataset="drive", initializers=("random", "imagenet"), pretraining=NAME).table()
    with pytest.raises(UsageError, match="random need none"):
        mt.Session().spec(
            dataset="drive", initializer="random", backbone="tiny(width=4)", recipe="phantom/segmentation",
            pretraining=NAME,
        )  # fmt: skip
