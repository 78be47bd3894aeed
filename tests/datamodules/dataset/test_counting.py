"""Counts of a dataset's splits against counts by hand, and what is compared with published ones."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from datamodules.dataset.contract import Dataset, Index, Labels
from datamodules.dataset.counting import Census, census, fractions
from datamodules.dataset.sample import Sample
from specs.task import Task


@dataclasses.dataclass(frozen=True)
class Films(Dataset):
    """Forty films of twenty patients, every fourth with a finding; what is published is given."""

    counts: tuple[tuple[str, int], ...] = ()
    kind_of_task: Any = "multilabel"

    homepage = licence = layout = ""  # type: ignore[misc]

    @property
    def task(self) -> Task:
        return Task(self.kind_of_task, ("test",) if self.kind_of_task == "segmentation" else ("mass", "test"))

    @property
    def channels(self) -> int:
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        return dict(self.counts)

    def read_labels(self, root: Path) -> Labels:
        return Labels(tuple(film(n, n // 2, float(n % 4 == 0), float(n % 10 == 0)) for n in range(40)))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        return ()

    def read_image(self, root: Path, sample: Sample) -> Any:
        raise NotImplementedError

    def write_phantom(self, root: Path) -> None:
        raise NotImplementedError


def film(number: int, patient: int, *target: float) -> Sample:
    return Sample(f"i{number}", f"p{patient}", target, f"i{number}")


INDEX = Index(
    train=(film(0, 0, 1, 0), film(1, 0, 1, 1), film(2, 1, 0, math.nan)),
    validation=(film(3, 2, 0, 1), film(4, 2, 0, 0)),
    test=(film(5, 3, 1, 0),),
    excluded={"i6": "too dark", "i7": "a twin of i1", "i8": "a twin of i0"},
)


def counted(*published: tuple[str, int], compare: bool = True) -> Census:
    return census(Films(counts=published), INDEX, compare)


def test_images_patients_and_shown_classes_are_counted_by_split() -> None:
    assert counted().counts == {
        "images": {"train": 3, "validation": 2, "test": 1},
        "patients": {"train": 2, "validation": 1, "test": 1},
        "mass": {"train": 2, "validation": 0, "test": 1},
        "test": {"train": 1, "validation": 1, "test": 0},
    }
    assert counted().total("mass") == 3
    assert counted().excluded == {"too dark": 1, "a twin": 2}
    assert (counted().faults, counted().published, counted().differences()) == ([], {}, 0)


@pytest.mark.parametrize(
    ("text", "count", "row", "split"),
    [
        ("images", 6, "images", "all"),
        ("train images", 3, "images", "train"),
        ("validation patients", 1, "patients", "validation"),
        ("mass", 3, "mass", "all"),
        ("test mass", 1, "mass", "test"),
        ("test", 2, "test", "all"),  # a class that is called as a split is
    ],
)
def test_a_published_count_is_compared_with_its_row_and_split(text: str, count: int, row: str, split: str) -> None:
    for stated, differing in ((count, 0), (count - 1, 1), (count + 1, 1)):
        found = counted((text, stated))
        assert found.published == {row: {split: stated}}
        assert found.differences() == differing
    assert counted((text, 99), compare=False).published == {}


def test_what_files_cannot_say_is_not_compared() -> None:
    unknown = dataclasses.replace(
        INDEX, **{s: tuple(one._replace(target=()) for one in INDEX.split(s)) for s in ("train", "validation", "test")}
    )
    dataset = Films(counts=(("test", 2), ("images", 6)), kind_of_task="segmentation")
    found = census(dataset, unknown, True)
    assert (set(found.counts), found.published) == ({"images", "patients"}, {"images": {"all": 6}})
    known = Index((film(0, 0, 1), film(1, 0, 0)), (film(3, 2, 0),), (film(5, 3, 1),))
    assert census(dataset, known, True).counts["test"] == {"train": 1, "validation": 0, "test": 1}


@pytest.mark.parametrize(("first", "second"), [("train", "validation"), ("train", "test"), ("validation", "test")])
def test_a_patient_in_any_two_splits_is_a_fault(first: str, second: str) -> None:
    shared = getattr(INDEX, first)[0].patient
    index = dataclasses.replace(INDEX, **{second: (*getattr(INDEX, second), film(9, int(shared[1:]), 0, 0))})
    (fault,) = census(Films(), index, False).faults
    assert fault.startswith(f"1 patients are in both {first} and {second}, such as ['{shared}']")


def test_shares_that_come_to_the_same_patients_are_told_together() -> None:
    whole = Films().index(Path())
    assert (len(whole.train), len({one.patient for one in whole.train})) == (28, 14)
    found = fractions(Films(), Path(), (1.0, 0.5, 0.01, 0.02, 0.5))
    assert [(shares, images, patients) for shares, images, patients in found] == [
        ((0.01, 0.02), found[0][1], found[0][1] // 2), ((0.5,), 14, 7), ((1.0,), 28, 14)
    ]  # fmt: skip
