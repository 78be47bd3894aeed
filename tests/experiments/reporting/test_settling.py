"""What would settle a race, in words that claim no more than was simulated."""

from __future__ import annotations

import pytest

from analysis.settling import Needed, Settling, Split
from experiments.reporting.text.settling import settled_by


def found(runs: int | None, patients: int | None, of_patients: float | None = 3e-4) -> Settling:
    needed = Needed(runs, patients)
    return Settling("A", needed, {"B": needed}, {"B": Split(1e-4, of_patients, None)})


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (
            6,
            "On these images, 6 more runs each of A and B would settle it in 80% of cases, were the means what they ",
        ),
        (1, "On these images, 1 more run each of A and B"),
        (None, "not even 100 more runs each of A and B would settle it in 80% of cases: they are too close"),
    ],
)
def test_on_these_images_it_is_a_matter_of_runs(runs: int | None, words: str) -> None:
    (sentence,) = settled_by({"these images": found(runs, None, None)})
    assert words in sentence


@pytest.mark.parametrize(
    ("runs", "patients", "words"),
    [
        (
            6,
            40,
            "For new patients, 6 more runs each of A and B would settle it in 80% of cases, or 40 more test patients",
        ),
        (6, None, "6 more runs each of A and B would settle it in 80% of cases; 10,000 more test patients would not"),
        (
            None,
            1200,
            "1,200 more test patients would settle it in 80% of cases; 100 more runs each of A and B would not",
        ),
        (None, None, "neither 100 more runs each of A and B nor 10,000 more test patients would settle it"),
    ],
)
def test_for_new_patients_it_may_be_a_matter_of_patients(runs: int | None, patients: int | None, words: str) -> None:
    first, second = settled_by({"new patients": found(runs, patients)})
    assert words in first
    assert second == (
        "Of what the difference of B to A is uncertain by, 75% is the test patients' part and 25% the runs'."
    )


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (Split(1e-4, None, 3e-4), "75% is the part of the learning rates' picks and 25% the seeds'."),
        (
            Split(1e-4, 2e-4, 1e-4),
            "50% is the test patients' part, 25% the part of the learning rates' picks and 25% the seeds'.",
        ),
    ],
)
def test_what_picks_of_the_learning_rates_add_is_told_apart(split: Split, words: str) -> None:
    needed = Needed(6, None)
    _, sentence = settled_by({"these images": Settling("A", needed, {"B": needed}, {"B": split})})
    assert sentence == f"Of what the difference of B to A is uncertain by, {words}"


def test_nothing_is_said_where_nothing_is_open() -> None:
    assert settled_by({}) == ()
