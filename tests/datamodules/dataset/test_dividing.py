"""Fixed divisions: every class in every split as far as patients permit, sizes as asked for, and nothing moved else."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, positions
from specs.task import Task

KINDS = Task("multiclass", ("common", "a", "b", "c"))
ILL = Task("binary", ("ill",))


def shown_by(splits: dict[Split, list[Sample]], value: float) -> dict[str, int]:
    """Patients of each split that show a class, or answer yes or no."""
    return {name: len({one.patient for one in split if one.target == (value,)}) for name, split in splits.items()}


def sick(positive: int, patients: int) -> list[Sample]:
    return [Sample(f"i{n}", f"q{n}", (float(n < positive),), f"i{n}") for n in range(patients)]


@pytest.mark.parametrize("positive", [1, 2, 3, 4, 5, 6, 7, 10, 57, 58, 59])
@pytest.mark.parametrize("value", [1.0, 0.0])
def test_of_few_patients_of_a_class_and_of_few_without_it_each_split_has_some(positive: int, value: float) -> None:
    samples = [one._replace(target=(abs(1 - value - one.target[0]),)) for one in sick(positive, 60)]
    for answer in (0.0, 1.0):
        patients = sum(one.target == (answer,) for one in samples)
        having = [name for name, count in shown_by(divide(samples, ILL, "x"), answer).items() if count]
        assert having == {1: ["train"], 2: ["train", "test"]}.get(patients, ["train", "validation", "test"])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(lambda counts: sum(counts) >= 3),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_each_class_is_in_each_split_no_patient_in_two_and_sizes_are_as_asked(
    counts: list[int], images: int, shuffling: random.Random
) -> None:
    samples = [
        Sample(f"{kind}-{patient}-{number}", f"{kind}-{patient}", (float(kind),), "")
        for kind, count in enumerate(counts)
        for patient in range(count)
        for number in range(1 + patient % images)
    ]
    splits = divide(samples, KINDS, "x")
    patients = {name: {one.patient for one in split} for name, split in splits.items()}
    assert sum(map(len, patients.values())) == len(set().union(*patients.values())) == sum(counts)
    assert Counter(one for split in splits.values() for one in split) == Counter(samples)
    for kind, count in enumerate(counts):
        having = {name for name, number in shown_by(splits, float(kind)).items() if number}
        assert having == set(("train", "test", "validation")[:count])
    for name in ("validation", "test"):
        kinds = sum(count >= (3 if name == "validation" else 2) for count in counts)  # each takes one patient at least
        assert 0.1 * sum(counts) - 2 <= len(patients[name]) <= max(0.1 * sum(counts) + 2, kinds)
    again = divide(shuffling.sample(samples, len(samples)), KINDS, "x")
    assert {name: {one.id for one in split} for name, split in again.items()} == {
        name: {one.id for one in split} for name, split in splits.items()
    }


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["ill", "well", "both"]), min_size=3, max_size=30))
def test_patients_with_both_answers_count_for_both(states: list[str]) -> None:
    samples = [
        Sample(f"{place}{answer}", f"p{place}", (answer,), "")
        for place, state in enumerate(states)
        for answer in {"ill": [1.0], "well": [0.0], "both": [0.0, 1.0]}[state]
    ]
    splits = divide(samples, ILL, "x")
    for answer in (0.0, 1.0):
        patients = len({one.patient for one in samples if one.target == (answer,)})
        having = {name for name, number in shown_by(splits, answer).items() if number}
        assert having >= set(("train", "test", "validation")[:patients])


def test_of_many_findings_that_come_together_each_is_in_each_split() -> None:
    generator, task, shares = random.Random(0), Task("multilabel", tuple("abcdef")), (0.02, 0.05, 0.1) * 2
    for _ in range(20):
        samples = [
            Sample(f"i{n}", f"p{n // 2}", tuple(float(generator.random() < share) for share in shares), "")
            for n in range(200)
        ]
        splits = divide(samples, task, "x")
        for number in range(6):
            patients = len({one.patient for one in samples if one.target[number]})
            having = {name for name, split in splits.items() if any(one.target[number] for one in split)}
            assert having >= set(("train", "test", "validation")[:patients])


def test_many_classes_of_five_patients_leave_the_test_split_neither_empty_nor_too_large() -> None:
    names = tuple(f"k{n}" for n in range(30))
    samples = [Sample(f"{n}-{m}", f"{n}-{m}", (float(n),), "") for n in range(30) for m in range(5)]
    sizes = {name: len(split) for name, split in divide(samples, Task("multiclass", names), "x").items()}
    assert sizes == {"train": 90, "validation": 30, "test": 30}


def test_where_nothing_is_lacking_the_division_is_the_drawn_one_so_that_runs_on_it_keep_their_keys() -> None:
    samples = sick(40, 200)
    places = positions(samples, ILL, "shenzhen-split")
    drawn = {
        name: [one.id for one in samples if low <= places[one.patient] < high]
        for name, low, high in (("train", 0.2, 1), ("validation", 0.1, 0.2), ("test", 0, 0.1))
    }
    assert {name: [one.id for one in split] for name, split in divide(samples, ILL, "shenzhen").items()} == drawn


def test_where_files_do_not_say_what_masks_show_only_sizes_are_asked_for() -> None:
    samples = [Sample(f"i{n}", f"i{n}", (), "") for n in range(3)]
    assert {name: len(split) for name, split in divide(samples, Task("segmentation", ("a",)), "x").items()} == {
        "train": 1, "validation": 1, "test": 1,
    }  # fmt: skip
