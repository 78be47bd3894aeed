"""What the splits of drawn datasets hold, against counts by hand and by going through every patient."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from datamodules.dataset.contract import Index
from datamodules.dataset.counts import ClassCounts, Count, Counts, Rarest, counted, rarer, rarest, step_of, unscored
from datamodules.dataset.sample import Sample
from datamodules.folder import Folder
from specs.task import Kind, Task


def image(number: int, patient: str | None, *target: float) -> Sample:
    return Sample(f"i{number}", patient or f"i{number}", target, f"i{number}")


def index(*test: Sample) -> Index:
    return Index((test[0]._replace(id="t", patient="t"),), (test[0]._replace(id="v", patient="v"),), test)


def of_folder(root: Path, kind: Kind, classes: tuple[str, ...], fraction: float = 1.0) -> Counts:
    """Of 120 drawn images, two of each patient; of every 20 patients the last five test."""
    made = Folder(kind=kind, classes=classes, patient="patient", split="split", fraction=fraction)  # type: ignore[arg-type]
    if not root.is_dir():
        made.write_phantom(root)
    return counted(made.index(root), made.task)


def test_six_images_with_one_normal_rest_on_one_image() -> None:
    sick = [image(number, None, 1) for number in range(5)]
    found = counted(index(*sick, image(5, None, 0)), Task("binary", ("pneumonia",)))
    assert found.splits["test"].whole == Count(6, None)
    assert found.splits["test"].classes == (ClassCounts("pneumonia", Count(5, None), Count(1, None)),)
    assert rarest(found) == Rarest("pneumonia", False, Count(1, None))
    assert rarer(found) == 1


def test_two_images_of_each_patient_are_counted_once_as_a_patient(tmp_path: Path) -> None:
    found = of_folder(tmp_path / "data", "binary", ("mass",))
    assert {name: split.whole for name, split in found.splits.items()} == {
        "train": Count(60, 30), "validation": Count(30, 15), "test": Count(30, 15)
    }  # fmt: skip
    # Patients 15 to 19, 35 to 39 and 55 to 59 test; those with odd numbers show it.
    assert found.splits["test"].classes == (ClassCounts("mass", Count(18, 9), Count(12, 6)),)
    assert (rarer(found), rarest(found)) == (6, Rarest("mass", False, Count(12, 6)))


def test_each_class_of_several_has_its_own_positives_and_negatives(tmp_path: Path) -> None:
    found = of_folder(tmp_path / "data", "multilabel", ("a", "b", "c"))
    assert found.splits["test"].classes == tuple(ClassCounts(one, Count(10, 5), Count(20, 10)) for one in "abc")
    assert rarer(found) == 5


def test_what_is_not_or_not_surely_labelled_is_neither_and_a_patient_may_be_both() -> None:
    nan = math.nan
    films = (image(0, "p", 1, nan), image(1, "p", 0, 1), image(2, "q", -1, 0), image(3, "q", 0, nan))
    found = counted(index(*films), Task("multilabel", ("a", "b"), scored=("a",)))
    assert found.splits["test"].classes == (
        ClassCounts("a", Count(1, 1), Count(2, 2)),
        ClassCounts("b", Count(1, 1), Count(1, 1)),
    )
    assert found.scored == ("a",)
    assert rarest(found) == Rarest("a", True, Count(1, 1))
    assert rarest(found.of_class("b")) == Rarest("b", True, Count(1, 1))


def test_a_class_that_nobody_in_the_test_shows_counts_as_none() -> None:
    found = counted(index(image(0, None, 1, 0), image(1, None, 0, 0)), Task("multilabel", ("a", "b")))
    assert rarer(found) == 0
    assert rarer(found.of_class("a")) == 1


def test_of_one_class_of_many_the_rest_are_negatives() -> None:
    grades = {"p": (0, 1), "q": (2, 2, 2), "r": (2,), "s": (0, 0), "t": (1, 2)}
    films = [image(number, patient, grade) for number, (patient, grade) in enumerate(
        (patient, grade) for patient, of in grades.items() for grade in of
    )]  # fmt: skip
    found = counted(index(*films), Task("multiclass", ("none", "mild", "severe")))
    for number, of in enumerate(found.splits["test"].classes):
        both = {
            shown: Count(
                sum((grade == number) is shown for one in grades.values() for grade in one),
                sum(any((grade == number) is shown for grade in one) for one in grades.values()),
            )
            for shown in (True, False)
        }
        assert (of.positives, of.negatives) == (both[True], both[False])
    assert rarer(found) == 2


def test_classes_that_together_count_as_positive_are_counted_together() -> None:
    films = (image(0, "p", 0), image(1, "p", 1), image(2, "q", 2), image(3, "r", 1), image(4, "r", 2))
    task = Task("multiclass", ("none", "mild", "severe"), positives=("mild", "severe"))
    found = counted(index(*films), task)
    assert found.scored == ("mild or severe",)
    assert found.splits["test"].classes[-1] == ClassCounts("mild or severe", Count(4, 3), Count(1, 1))
    assert rarest(found) == Rarest("mild or severe", False, Count(1, 1))
    assert rarest(found.of_class("severe")) == Rarest("severe", True, Count(2, 2))


def test_a_segmentation_rests_on_all_of_its_test_patients(tmp_path: Path) -> None:
    found = of_folder(tmp_path / "data", "segmentation", ("lung",))
    assert found.splits["test"].whole == Count(30, 15)
    assert (found.splits["test"].classes, found.scored) == ((), ())  # the masks alone say what is empty
    assert (rarest(found), rarer(found)) == (None, 15)
    known = counted(index(image(0, "p", 1), image(1, "p", 0)), Task("segmentation", ("lesion",)))
    assert known.splits["test"].classes == (ClassCounts("lesion", Count(1, 1), Count(1, 1)),)
    assert rarer(known) == 1
    assert rarer(counted(index(image(0, None), image(1, None)), Task("segmentation", ("lesion",)))) == 2


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_of_training_images_only_the_fraction_that_is_trained_on_counts(tmp_path: Path, share: float) -> None:
    whole = of_folder(tmp_path / "data", "binary", ("mass",))
    part = of_folder(tmp_path / "data", "binary", ("mass",), share)
    assert part.splits["train"].whole == Count(round(60 * share), round(30 * share))
    assert [part.splits[name] for name in ("validation", "test")] == [
        whole.splits[name] for name in ("validation", "test")
    ]


def test_an_auroc_is_rounded_to_the_pairs_of_a_positive_and_a_negative_image(tmp_path: Path) -> None:
    sick = [image(number, None, 1) for number in range(5)]
    few = counted(index(*sick, image(5, None, 0), image(6, None, 0)), Task("binary", ("pneumonia",)))
    assert step_of(few) == pytest.approx(1 / (5 * 2))
    several = of_folder(tmp_path / "data", "multilabel", ("a", "b", "c"))
    assert step_of(several) == pytest.approx(math.sqrt(3) / (10 * 20) / 3)
    assert step_of(counted(index(image(0, None)), Task("segmentation", ("vessel",)))) == 0
    assert step_of(counted(index(*sick), Task("binary", ("pneumonia",)))) == 0


BINARY = Task("binary", ("pneumonia",))
SEVERAL = Task("multilabel", ("a", "b"))
KINDS = Task("multiclass", ("a", "b", "c"))
GRADES = Task("multiclass", ("none", "mild", "severe"), positives=("mild", "severe"))


@pytest.mark.parametrize(
    ("task", "targets", "why"),
    [
        (BINARY, [(1,), (0,)], None),
        (BINARY, [(0,), (0,)], "it has 0 images with pneumonia and 2 without"),
        (BINARY, [(1,), (math.nan,)], "it has 1 images with pneumonia and 0 without"),
        (SEVERAL, [(1, 1), (0, 1)], None),
        (SEVERAL, [(1, 0), (1, 0)], "none of the classes a, b is in some of its 2 images and absent from others"),
        (KINDS, [(0,), (2,)], None),
        (KINDS, [(1,), (1,)], "none of the classes a, b, c is in some of its 2 images and absent from others"),
        (GRADES, [(0,), (1,)], None),
        (GRADES, [(1,), (2,)], "it has 2 images with mild or severe and 0 without"),
        (Task("segmentation", ("lesion",)), [(), ()], None),
    ],
)
def test_images_have_a_score_where_a_class_is_in_some_and_absent_from_others(
    task: Task, targets: list[tuple[float, ...]], why: str | None
) -> None:
    assert unscored([image(number, None, *target) for number, target in enumerate(targets)], task) == why
