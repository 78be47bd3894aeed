"""Folds: which part of the patients a run is tested on, as text and as a part of a run's spec."""

from __future__ import annotations

import json
from typing import Any

import pytest

from specs.errors import UsageError
from specs.fold import Fold, folds_of
from specs.run import RunSpec
from tests.specs.test_run import spec


def test_its_text_counts_from_one_and_is_read_back() -> None:
    assert [str(fold) for fold in folds_of(3)] == ["1/3", "2/3", "3/3"]
    assert [Fold.parse(str(fold)) for fold in folds_of(12)] == [Fold(number, 12) for number in range(12)]
    assert Fold.parse("2/5").title == "fold 2 of 5"


@pytest.mark.parametrize(
    ("number", "of", "message"),
    [
        (0, 2, "there are 3 folds or more, found 2"),
        (0, True, "there are 3 folds or more, found True"),
        (5, 5, "a number from 0 to 4, found 5. In its text they are 1/5 to 5/5"),
        (-1, 5, "a number from 0 to 4, found -1"),
        (1.0, 5, "a number from 0 to 4, found 1.0"),
    ],
)
def test_a_fold_that_cannot_be_is_refused(number: Any, of: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Fold(number, of)


@pytest.mark.parametrize("number", [0, 2, -4])
def test_too_few_folds_are_refused(number: int) -> None:
    with pytest.raises(UsageError, match="there are 3 folds or more"):
        folds_of(number)


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/2", "2/5 ", "a/5", "2/5/5", "-1/5", "²/5", 2])
def test_a_text_that_names_no_fold_is_refused(text: Any) -> None:
    with pytest.raises(UsageError, match="fold"):
        Fold.parse(text)


def test_a_spec_mentions_its_fold_and_is_read_back() -> None:
    made = spec(fold=Fold(1, 5), seed=3)
    assert made.to_json()["fold"] == "2/5"
    assert RunSpec.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_spec_without_a_fold_is_the_data_that_it_always_was() -> None:
    assert "fold" not in spec().to_json()
    assert RunSpec.from_json(spec().to_json() | {"fold": None}) == spec()


def test_a_spec_takes_no_text_for_a_fold() -> None:
    with pytest.raises(UsageError, match=r'such as Fold.parse\("2/5"\), or None, found \'2/5\''):
        spec(fold="2/5")
