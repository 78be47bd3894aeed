"""Run specs: plain data, one spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from specs.errors import UsageError
from specs.expression import parse
from specs.recipe import Recipe
from specs.recipe_parts import Adam
from specs.run import RunSpec, canonical_json, digest


def spec(**changes: Any) -> RunSpec:
    settings: dict[str, Any] = {
        "stage": "finetune",
        "dataset": parse("medmnist"),
        "edition": "phantom",
        "backbone": parse("tiny"),
        "initializer": parse("mean_var(fractals)"),
        "recipe": Recipe(image_size=28, batch_size=8, epochs=1, optimizer=Adam(1e-3)),
    }
    return RunSpec(**(settings | changes))


def test_a_spec_goes_round_trip_through_json() -> None:
    made = spec(seed=3, pretraining=spec().recipe)
    assert RunSpec.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_two_spellings_are_one_spec() -> None:
    spelled = spec(dataset=parse("medmnist(size=28)"), backbone=parse("tiny(16, 3)"))
    assert spelled == spec(dataset=parse('medmnist("pneumoniamnist")'))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, "a seed is a whole number"),
        ({"seed": True}, "a seed is a whole number"),
        ({"stage": "train"}, "of a stage of pretrain, tune, finetune, found 'train'"),
        ({"edition": "fake"}, "fake"),
        ({"dataset": parse("drvie")}, 'Did you mean "drive"'),
    ],
)
def test_what_does_not_exist_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        spec(**changes)


def test_a_spec_file_with_missing_or_unknown_fields_is_refused_with_their_names() -> None:
    data = spec().to_json()
    del data["recipe"]
    with pytest.raises(UsageError, match=r"missing \['recipe'\], unknown \['recpie'\]"):
        RunSpec.from_json(data | {"recpie": {}})


def test_plain_data_has_one_canonical_spelling() -> None:
    assert canonical_json({"b": [1.0, None], "a": "é"}) == '{"a":"\\u00e9","b":[1.0,null]}'
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
