"""`--licence commercial` leaves out what may not be used commercially, and says which licence is why."""

from __future__ import annotations

import pytest

from experiments.session.permitting import licences_of_rows, permitted
from experiments.session.question import Question
from specs.errors import UsageError
from tests.experiments.example_table import document

DATASET = 'medmnist("pneumoniamnist")'


def question(*rows: str, **changes: str) -> Question:
    return Question(dataset=DATASET, initializers=rows, **{"backbone": "resnet50", "licence": "commercial", **changes})  # type: ignore[arg-type]


def test_rows_of_weights_that_forbid_it_are_left_out_and_so_are_those_that_say_nothing() -> None:
    said = list[str]()
    asked = question("random", "moco_v2", "Mine = mean_var(radimagenet)", "imagenet")
    kept, left_out = permitted(asked, said.append)
    assert kept.initializers == ("random", "imagenet")
    assert {row: of.commercial for row, of in left_out.items()} == {"MoCo-v2": "no", "Mine": "unknown"}
    assert said == [
        "MoCo-v2 is left out by --licence commercial: CC-BY-NC-4.0, the licence of MoCo-v2, forbids commercial use.",
        "Mine is left out by --licence commercial: no licence of RadImageNet is stated.",
    ]


def test_without_it_every_row_is_kept() -> None:
    asked = question("random", "moco_v2", licence=None)  # type: ignore[arg-type]
    assert permitted(asked, pytest.fail) == (asked, {})


def test_pretraining_here_does_not_wash_weights() -> None:
    _, left_out = permitted(question("random", 'continual(moco_v2, on="drive")', "imagenet"), lambda _: None)
    assert [of.commercial for of in left_out.values()] == ["no"]


def test_another_reference_is_said() -> None:
    said = list[str]()
    permitted(question("moco_v2", "imagenet", "random"), said.append)
    assert said[-1] == "the reference is now imagenet."


def test_a_comparison_of_which_too_little_is_left_is_refused() -> None:
    with pytest.raises(UsageError, match=r"expected two or more .* found 1\. MoCo-v2 is left out .* Name others"):
        permitted(question("random", "moco_v2"), lambda _: None)


def test_what_a_user_is_about_to_do_is_one_of_few_words() -> None:
    with pytest.raises(UsageError, match="--licence: expected"):
        question("random", "imagenet", licence="profit")


def test_a_control_has_the_licences_of_the_row_that_it_repeats() -> None:
    table = question("imagenet", "random").table()
    shown = document(
        rows=(("ImageNet", "imagenet"), ("Random", "random"), ("ImageNet, other seeds", "imagenet")),
        controls={"ImageNet, other seeds": "ImageNet"}, reference="ImageNet", cells={}, runs=(),
    )  # fmt: skip
    found = licences_of_rows(table, shown, {})
    assert {row: of.licence for row, of in found.rows.items()} == {
        "ImageNet": "BSD-3-Clause", "Random": "none needed", "ImageNet, other seeds": "BSD-3-Clause",
    }  # fmt: skip
