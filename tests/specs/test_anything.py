"""Whatever is written into a spec file, a setting or an expression: it is taken, or refused in our words."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from experiments.run.recipes import recipe_named
from specs.errors import MedtransferError, UsageError
from specs.expression import parse
from specs.quoting import LONGEST, shown
from specs.recipe import Recipe
from specs.row import parse_row
from specs.run import RunSpec
from specs.spec_file import read_spec
from tests.experiments.smoke import spec

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**64), 1e308, True])
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(["\ud800", "a" * 3000, "((((", "random", "nan"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
WHOLE = spec('mean_var(supervised(on="fractals"))').to_json()
RECIPE = recipe_named("ssl/swav").to_json()
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def places(whole: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every place in plain data."""
    keys = whole if isinstance(whole, dict) else range(len(whole)) if isinstance(whole, list) else ()
    return [way for key in keys for way in [(*path, key), *places(whole[key], (*path, key))]]


def replaced(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    changed = copy.deepcopy(whole)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return changed


@FEW
@given(st.sampled_from(places(WHOLE)), ANYTHING)
@example(("recipe",), None)
@example(("dataset",), 3)
@example(("pretraining",), [])
@example(("recipe", "optimizer", "learning_rate"), 10**400)
@example(("recipe", "optimizer", "learning_rate"), float("nan"))
@example(("recipe", "epochs"), 2**65)
@example(("recipe", "augmentation"), 3)
def test_a_spec_with_anything_at_any_place(place: tuple[Any, ...], value: Any) -> None:
    with suppress(MedtransferError):
        made = RunSpec.from_json(replaced(WHOLE, place, value))
        json.dumps(made.to_json(), allow_nan=False)


@FEW
@given(st.sampled_from(places(RECIPE)), ANYTHING)
def test_a_recipe_with_anything_at_any_place(place: tuple[Any, ...], value: Any) -> None:
    with suppress(MedtransferError):
        json.dumps(Recipe.from_json(replaced(RECIPE, place, value)).to_json(), allow_nan=False)


@FEW
@given(ANYTHING)
def test_anything_in_place_of_a_spec_or_recipe_is_refused(value: Any) -> None:
    for read in (RunSpec.from_json, Recipe.from_json):
        with pytest.raises(UsageError):
            read(value)


@FEW
@given(st.sampled_from(sorted(Recipe.__dataclass_fields__)), TEXTS)
@example("optimizer", "adam(1e999)")
@example("augmentation", "one_of(" * 150)
def test_a_setting_of_any_text(name: str, text: str) -> None:
    with suppress(MedtransferError):
        spec().recipe.override({name: text})


@pytest.mark.parametrize("part", ["random(", "[", "(", "-", "not ", "a.", "1+", "{", "lambda:", "(1,", "f'{"])
@pytest.mark.parametrize("times", [60, 1000, 100_000])
def test_what_is_nested_deep_is_no_expression_and_no_row(part: str, times: int) -> None:
    for read in (parse, parse_row):
        with pytest.raises(UsageError) as caught:
            read(part * times + "x")
        assert len(str(caught.value)) < 1000


def test_an_expression_may_be_nested_as_deep_as_people_write() -> None:
    assert str(parse("mean_var(" * 29 + "random" + ")" * 29)).count("mean_var") == 29


@pytest.mark.parametrize("value", [None, 3, ["random"], b"random", {}])
def test_what_is_no_text_is_no_expression_and_no_row(value: Any) -> None:
    for read in (parse, parse_row):
        with pytest.raises(UsageError, match="is text"):
            read(value)


def test_a_row_of_very_many_words_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="not a row"):
        parse_row(" on ".join(["a = x("] * 500))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "too deep"),
        (b"[" * 50 + b"]" * 50, "too deep"),
        (b"\xff\xfe[]", "not JSON"),
        (b'{"seed": NaN}', "NaN is no number of JSON"),
        (b'{"seed": 1e999}', "too large for a number"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[1, 2]", "a run spec is an object of settings, found"),
    ],
)
def test_a_file_that_holds_no_spec_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_spec(tmp_path / "spec.json")


def test_a_byte_order_mark_before_a_spec_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(WHOLE).encode())
    assert read_spec(tmp_path / "spec.json") == spec('mean_var(supervised(on="fractals"))')
    with pytest.raises(UsageError, match=r"there is no spec file .*absent\.json"):
        read_spec(tmp_path / "absent.json")


def test_values_in_messages_are_short() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(3) == "3"
    assert len(shown("x" * 1000)) <= LONGEST and shown("x" * 1000).endswith("x'")
    assert shown(10**5000) == "<int, too large to show>"
    assert shown(deep) == "<list, too large to show>"
    while deep:  # taken apart by hand: letting go of it would end in Python's own stack
        deep = deep.pop()
