"""Splits: by patient, by strata, nested, the same whatever the order of files; users' lists."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import below, listed, portion
from specs.errors import DataError
from specs.task import Task

FINDINGS = Task("multilabel", ("a", "b", "c"))


def population(count: int, per_patient: int = 3) -> list[Sample]:
    """Samples whose class c is rare."""
    return [
        Sample(f"i{n}", f"p{n // per_patient}", (float(n % 2), float(n % 5 == 0), float(n % 97 == 0)), f"x/i{n}")
        for n in range(count)
    ]


def test_a_division_is_by_patient_by_strata_and_does_not_depend_on_order() -> None:
    samples = population(3000)
    shuffled = random.Random(0).sample(samples, len(samples))
    splits, again = divide(samples, FINDINGS, "x"), divide(shuffled, FINDINGS, "x")
    assert {name: {one.id for one in split} for name, split in splits.items()} == {
        name: {one.id for one in split} for name, split in again.items()
    }
    patients = {name: {one.patient for one in split} for name, split in splits.items()}
    assert [round(len(patients[name]) / 1000, 2) for name in ("train", "validation", "test")] == [0.8, 0.1, 0.1]
    assert sum(map(len, patients.values())) == 1000
    rare = [len({one.patient for one in split if one.target[2]}) for split in splits.values()]
    assert rare == [25, 3, 3]  # of 31 patients
    assert {one.id for one in divide(samples, FINDINGS, "y")["test"]} != {one.id for one in splits["test"]}


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=6), st.integers(20, 400))
def test_portions_are_nested_and_show_every_class(shares: list[float], count: int) -> None:
    samples, before = population(count), set[str]()
    for share in sorted(shares):
        part = portion(samples, FINDINGS, share, "x")
        chosen = {one.id for one in part}
        assert before <= chosen
        before = chosen
        for number in range(3):
            shown = {one.target[number] for one in part}
            assert shown == {one.target[number] for one in samples}
    assert {one.id for one in portion(samples, FINDINGS, 1.0, "x")} == {one.id for one in samples}


def test_a_portion_has_its_share_of_every_stratum_and_is_drawn_not_the_first_by_name() -> None:
    samples = population(3000)
    part = portion(samples, FINDINGS, 0.3, "x")
    patients = {sample.patient for sample in part}
    assert len(patients) == 300
    rare = {sample.patient for sample in samples if sample.target[2]}
    assert len(rare & patients) == pytest.approx(0.3 * len(rare), abs=1)
    numbers = sorted(int(patient[1:]) for patient in patients)
    assert sum(number < 500 for number in numbers) == pytest.approx(150, abs=4 * (150 * 0.5) ** 0.5)
    names = sorted(sample.patient for sample in samples)
    assert len(patients & set(names[:900])) < 150
    assert {sample.patient for sample in portion(samples, FINDINGS, 0.3, "y")} != patients


@pytest.mark.parametrize("present", [True, False])
def test_the_smallest_portion_shows_what_nearly_everyone_has_and_what_nearly_nobody_has(present: bool) -> None:
    task = Task("multilabel", ("a", "b"))
    samples = [Sample(f"i{n}", f"p{n}", (float((n == 77) != present), 1.0), f"i{n}") for n in range(200)]
    part = portion(samples, task, 0.001, "x")
    assert ({one.target[0] for one in part}, len(part)) == ({0.0, 1.0}, 2)


def test_of_unlabelled_masks_the_smallest_portion_is_one_patient() -> None:
    samples = [Sample(f"i{n}", f"p{n // 2}", (), f"i{n}") for n in range(80)]
    for share, patients in ((0.001, 1), (1 / 40, 1), (0.0374, 1), (0.0375, 2), (0.5, 20), (1.0, 40)):
        assert len({one.patient for one in portion(samples, Task("segmentation", ("a",)), share, "x")}) == patients


def test_of_classes_the_smallest_portion_is_a_patient_each() -> None:
    samples = [Sample(f"i{n}", f"p{n}", (float(n % 3),), f"i{n}") for n in range(90)]
    part = portion(samples, Task("multiclass", ("a", "b", "c")), 0.001, "x")
    assert sorted(one.target[0] for one in part) == [0, 1, 2]


def test_a_fixed_draw_takes_its_share() -> None:
    assert sum(below(0.125, f"patient {number}") for number in range(8000)) == pytest.approx(1000, abs=100)


def write(folder: Path, **lists: str) -> Path:
    for name, text in lists.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_lists_name_images_by_id_or_by_the_end_of_their_path_with_or_without_labels(tmp_path: Path) -> None:
    samples = population(9)
    folder = write(tmp_path, train="i0\nx/i1 1 0 0\n\n", validation="i2\n", test="i3,1,0,0\ni4 0 0 0\n")
    splits = listed(folder, samples)
    assert {name: [one.id for one in split] for name, split in splits.items()} == {
        "train": ["i0", "i1"], "validation": ["i2"], "test": ["i3", "i4"],
    }  # fmt: skip


def test_names_in_lists_may_hold_spaces_and_commas(tmp_path: Path) -> None:
    names = ("scan 1.png", "scan 1.png 2.png", "b, c.png", "benign/scan (3).png")
    samples = [Sample(name, name, (float(place % 2),), name) for place, name in enumerate(names)]
    lists = {"train": "scan 1.png 0\nscan 1.png 2.png 1\n", "val": "b, c.png, 0\n", "test": "scan (3).png\n"}
    for name, text in lists.items():
        (tmp_path / f"{name}.txt").write_text(text)
    found = listed(tmp_path, samples)
    assert {name: [one.id for one in of] for name, of in found.items()} == {
        "train": ["scan 1.png", "scan 1.png 2.png"], "validation": ["b, c.png"], "test": ["benign/scan (3).png"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"train": "i0", "validation": "i1"}, r"has no test\.txt"),
        ({"train": "i0\nnobody", "validation": "i1", "test": "i2"}, r"train\.txt, line 2: nobody is not among"),
        ({"train": "i0 1 1 1", "validation": "i1", "test": "i2"}, r"line 1: the list labels i0 as \[1\.0, 1\.0"),
        ({"train": "i0 yes", "validation": "i1", "test": "i2"}, r"are not all numbers"),
    ],
)  # fmt: skip
def test_a_list_that_does_not_fit_is_refused_with_its_line(lists: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        listed(write(tmp_path, **lists), population(9))


def test_a_name_that_two_images_share_names_none(tmp_path: Path) -> None:
    samples = [Sample(f"{part}/1.png", part, (1.0, 0.0, 0.0), f"{part}/1.png") for part in "abc"]
    with pytest.raises(DataError, match="names more than one image"):
        listed(write(tmp_path, train="1.png", validation="b/1.png", test="c/1.png"), samples)
