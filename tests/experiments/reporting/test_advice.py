"""What a race advises, in words: each kind of outcome, and nothing that was not shown."""

from __future__ import annotations

import dataclasses
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.reporting.blocks.answers import answer
from experiments.reporting.decided import Decided
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.text.advice import advice, certain, one_in
from experiments.reporting.text.claims import at_least, at_most
from specs.errors import DataError
from tests.experiments.example_race import (
    ALARM,
    EQUAL,
    KINDS,
    LOOKED_BEFORE,
    NOTHING,
    QUIET,
    REFUSED,
    RULES,
    SETTLED,
    UNDECIDED,
    UNRACED,
    around,
    race,
    raced,
)
from tests.experiments.example_table import terminal

EQUALITY = re.compile(r"\bequal\b|\bequally\b|\beither\b|will do|as good as|no difference")


def text(decided: Decided) -> str:
    return " ".join(advice(decided, "real"))


def test_what_is_settled_is_said_first_then_for_whom_how_sure_and_what_changes_it() -> None:
    first, new, sure, change, *_ = advice(SETTLED, "real")
    assert first == "Start from ImageNet: on these images no other initialization is better by more than 1 point."
    assert new == "This holds for new patients of this kind, too."
    assert "at 95%" in sure
    assert "at most 1 in 20 makes any false claim" in sure
    assert "learning rates" in change


def test_an_equality_is_claimed_of_those_alone_of_which_it_was_shown() -> None:
    assert advice(EQUAL, "real")[0] == (
        "Start from ImageNet or iNat2021: on these images they are shown equal within 1 point, and no other "
        "initialization is better than one of them by more than that."
    )


def test_who_is_undecided_is_counted_after_three_and_what_would_settle_it_is_said() -> None:
    first, new, _, change, *_ = advice(UNDECIDED, "real")
    assert first.startswith("Undecided between source 0, source 1, source 2 and 2 more: on these images none of them ")
    assert new.startswith("For new patients of this kind, it is undecided between source 0, ")
    assert change == "About 24 runs a row would settle it, if they vary as these do."
    assert "not known" in " ".join(advice(dataclasses.replace(UNDECIDED, settling=()), "real"))


def test_a_refusal_for_new_patients_says_why_and_takes_nothing_from_these_images() -> None:
    first, new, sure, *_ = advice(REFUSED, "real")
    assert first.startswith("Start from ImageNet: on these images")
    assert new == (
        "For new patients of this kind, nothing is concluded (there are 12 test patients of the rarer class, and "
        "30 are needed)."
    )
    assert sure.startswith("How sure: at 95%; of such comparisons at most 1 in 20 ")
    assert "patients too" not in text(REFUSED)


def test_new_patients_may_know_less_than_these_images() -> None:
    found = raced({"ImageNet": around(0.9), "Random": around(0.88)}, patients=0.02)
    first, new, sure, *_ = advice(found, "real")
    assert first.startswith("Start from ImageNet")
    assert new.startswith("For new patients of this kind, it is undecided between ImageNet and Random: none of them")
    assert sure.startswith("How sure: at 95%, for these images and for new patients each; of such ")
    assert "Shown worse" in text(found)
    assert "kind too" not in text(found)


def test_without_a_look_nothing_is_advised_and_nothing_is_sure() -> None:
    assert advice(NOTHING, "real")[0] == "On these images nothing could be looked at, so nothing is advised."
    assert "How sure" not in text(NOTHING)
    assert "optimistic" not in text(NOTHING)


def test_who_is_worse_is_so_by_no_more_than_was_shown() -> None:
    told = re.search(r"Random \(at least ([\d.]+) points behind ImageNet\)", text(SETTLED))
    assert told
    high = SETTLED.reading("these images").ahead["Random"].high
    assert high is not None
    assert 100 * -high - 0.1 < float(told[1]) <= 100 * -high
    assert "for new patients of this kind too" in text(SETTLED)


def test_the_mean_of_the_leader_is_called_optimistic_and_what_is_compared_is_named() -> None:
    assert "The mean of ImageNet, 90.00% over 3 runs, is optimistic" in text(SETTLED)
    assert "It compares the sources at the learning rates picked here." in text(SETTLED)


def test_the_price_is_beside_that_of_the_full_grid() -> None:
    assert "Price: 18 runs" in text(SETTLED)
    assert "has 39, so 46% of it." in text(SETTLED)
    dear = dataclasses.replace(SETTLED, runs=50)
    assert "has 39." in text(dear)


def test_an_alarm_comes_first_and_no_alarm_is_said_last_but_one() -> None:
    first, second, *_ = advice(ALARM, "real")
    assert first.startswith("Alarm: Random once more, the reference once more with other seeds, is found to differ")
    assert "Rely on nothing else here" in first
    assert second == advice(SETTLED, "real")[0]
    assert advice(QUIET, "real")[-2].endswith("(p = 0.61): no false alarm.")
    assert "ontrol" not in text(SETTLED)


def test_the_analysis_says_that_it_was_fixed_before_and_whether_it_is_the_first() -> None:
    assert advice(SETTLED, "real")[-1].startswith("Analysis 3f2a91c07b5d, fixed before the first look at test scores: ")
    again = text(LOOKED_BEFORE)
    assert "(3 by b7c4b7c4b7c4)" in again
    assert "for the first of them alone, and not for this one" in again
    assert "at most 1 in 20" not in again
    assert "budget 120 runs; 1 of 2 looks" in again


def test_drawn_images_are_called_so() -> None:
    assert "on these drawn images" in advice(SETTLED, "phantom")[0]
    assert "newly drawn patients" in advice(SETTLED, "phantom")[1]


@given(st.floats(0.001, 0.5))
def test_confidence_is_never_more_than_the_level(level: float) -> None:
    assert float(certain(level).rstrip("%")) <= 100 * (1 - level) + 1e-6
    assert 1 / int(one_in(level).removeprefix("1 in ")) >= level - 1e-9


def test_the_levels_that_people_ask_for_are_said_exactly() -> None:
    assert [(certain(level), one_in(level)) for level in (0.05, 0.1, 0.01)] == [
        ("95%", "1 in 20"), ("90%", "1 in 10"), ("99%", "1 in 100"),
    ]  # fmt: skip


def test_bounds_are_rounded_to_the_weaker_claim() -> None:
    assert (at_least(0.0199), at_most(0.0199), at_least(0.01)) == ("1.9 points", "2 points", "1 point")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), min_size=2, max_size=4))
def test_equality_is_never_said_unless_it_was_shown(values: list[list[float]]) -> None:
    found = raced({f"row {number}": scores for number, scores in enumerate(values)})
    shown = any(len(reading.start) > 1 for reading in found.readings)
    for said in (text(found), answer(race(found), "PneumoniaMNIST").text.replace("that is no equality", "")):
        assert shown or not EQUALITY.search(said), said


@pytest.mark.parametrize("kind", KINDS)
def test_a_race_survives_its_file(kind: str, tmp_path: Path) -> None:
    made = race(KINDS[kind])
    (tmp_path / "race.json").write_text(to_json(made))
    assert read_table(tmp_path / "race.json") == made


def test_a_file_of_before_there_were_races_is_read(tmp_path: Path) -> None:
    made = race(SETTLED, **UNRACED)
    plain = json.loads(to_json(made))
    (tmp_path / "old.json").write_text(json.dumps(plain))
    assert read_table(tmp_path / "old.json") == made


@cache
def alarm_file() -> str:
    return to_json(race(ALARM))


@pytest.mark.parametrize(
    "damage",
    [
        lambda race: race["readings"][0].update(reader="nobody"),
        lambda race: race["readings"][0].update(leader="nobody"),
        lambda race: race["readings"][0].update(start="ImageNet"),
        lambda race: race["readings"][0]["ahead"]["Random"].update(estimate="far"),
        lambda race: race["readings"][0]["ahead"]["Random"].update(high=float("inf")),
        lambda race: race["order"].pop(),
        lambda race: race["order"][0].update(row="nobody"),
        lambda race: race["analysis"].update(level=1.5),
        lambda race: race["control"].update(alarm="yes"),
        lambda race: race.pop("grid"),
    ],
)
def test_a_damaged_race_is_refused(damage: Any, tmp_path: Path) -> None:
    plain = json.loads(alarm_file())
    damage(plain["parts"]["recommendation"]["decided"])
    (tmp_path / "damaged.json").write_text(json.dumps(plain))
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_table(tmp_path / "damaged.json")


def test_a_tables_answer_is_that_of_the_race() -> None:
    found = answer(race(SETTLED), "PneumoniaMNIST")
    assert found.verdict == "start"
    assert found.text.startswith("Start from ImageNet: no other initialization is better by more than 1 point.")
    assert answer(race(UNDECIDED), "PneumoniaMNIST").verdict == "worse"  # Random alone is shown to be
    assert answer(race(NOTHING), "PneumoniaMNIST").verdict == "open"


def test_the_decision_of_a_table_treats_all_rows_alike() -> None:
    """One look, no order: the answer does not depend on which row is named first, and has the document's level."""
    made = race(SETTLED, **UNRACED)
    turned = dataclasses.replace(made, rows=made.rows[::-1])
    assert answer(made, "PneumoniaMNIST") == answer(turned, "PneumoniaMNIST")
    scores = {"a": around(0.9, 0.01), "b": around(0.87, 0.01)}
    loose, strict = (race(raced(scores), **UNRACED, level=level) for level in (0.2, 0.0001))
    assert answer(loose, "PneumoniaMNIST").verdict == "start"
    assert answer(strict, "PneumoniaMNIST").verdict == "open"


def test_rows_of_more_runs_are_looked_at_for_as_many_as_all_have() -> None:
    made = race(UNDECIDED, **UNRACED)
    assert {len(cell.values) for cell in made.cells.values()} == {3, 5}
    assert answer(made, "PneumoniaMNIST").text.endswith("By 3 runs each, the first ones.")


def test_terminal_and_markdown_say_all_of_it() -> None:
    made = race(ALARM)
    plain = re.sub(r"\s+", " ", terminal(made))
    marked = re.sub(r"\s+", " ", to_markdown(made).replace("\\", ""))
    for sentence in advice(ALARM, "phantom"):
        assert sentence in plain
        assert sentence in marked


def test_the_rules_of_these_examples_are_those_that_they_say() -> None:
    assert (SETTLED.analysis.margin, SETTLED.analysis.looks) == (RULES.margin, RULES.looks)
