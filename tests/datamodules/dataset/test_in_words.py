"""What splits hold is told in a sentence, with the classes where there are few."""

from __future__ import annotations

from datamodules.dataset.contract import Index
from datamodules.dataset.counts import counted
from datamodules.dataset.in_words import in_words
from datamodules.dataset.sample import Sample
from specs.task import Kind, Task


def told(kind: Kind, classes: tuple[str, ...], *targets: tuple[float, ...], patients: int = 0) -> str:
    """The sentence on three equal splits; with patients, two images each."""
    splits = [
        tuple(Sample(f"{s}{n}", f"{s}p{n // 2}" if patients else f"{s}{n}", target, "") for n, target in
              enumerate(targets)) for s in "abc"
    ]  # fmt: skip
    return in_words(counted(Index(*splits), Task(kind, classes)))


def test_images_patients_and_few_classes_are_counted() -> None:
    assert told("binary", ("ill",), (0,), (1,), (1,), (0,), patients=2) == (
        "train 4 images of 2 patients (2 ill), validation 4 of 2 (2), test 4 of 2 (2)"
    )
    assert told("multiclass", ("a", "b"), (0,), (1,), (1,)) == (
        "train 3 images (1 a, 2 b), validation 3 (1, 2), test 3 (1, 2)"
    )


def test_many_classes_are_a_number() -> None:
    names = tuple("abcde")
    assert told("multilabel", names, (0, 1, 0, 0, 0)) == "train 1 images, validation 1, test 1; 5 classes"


def test_masks_of_which_label_files_say_nothing_have_no_classes() -> None:
    assert told("segmentation", ("lesion",), (), ()) == "train 2 images, validation 2, test 2"
