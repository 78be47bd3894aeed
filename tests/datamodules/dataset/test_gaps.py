"""What splits lack is said in sentences that are so: which class, of how many images, and what follows."""

from __future__ import annotations

import pytest

from datamodules.dataset.contract import Index
from datamodules.dataset.counts import counted
from datamodules.dataset.gaps import gaps, why_undefined
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from specs.task import Kind, Task


def found(kind: Kind, classes: tuple[str, ...], train: str, validation: str, test: str) -> tuple[list[str], str]:
    """Warnings and the reason of an undefined score; a word per image, a digit per class, ``?``: not labelled."""

    def samples(name: str, words: str) -> tuple[Sample, ...]:
        values = [tuple(float("nan" if digit == "?" else digit) for digit in word) for word in words.split()]
        return tuple(Sample(f"{name}{n}", f"{name}{n}", target, "") for n, target in enumerate(values))

    index = Index(samples("a", train), samples("b", validation), samples("c", test))
    counts = counted(index, Task(kind, classes))
    return gaps(counts), why_undefined(counts, "auroc")


def test_nothing_is_said_where_nothing_is_lacking() -> None:
    assert found("binary", ("ill",), "0 1", "1 0", "0 1")[0] == []
    assert found("multiclass", ("a", "b"), "0 1", "1 0", "0 1")[0] == []


def test_a_binary_split_lacks_a_class_or_its_absence() -> None:
    warnings, why = found("binary", ("ill",), "0 0", "1", "0 0 0")
    assert warnings == [
        "the train split has no image with ill (0 of 2): nothing is learned of that",
        "the validation split has no image without ill (0 of 1): no epoch can be selected by that",
        "the test split has no image with ill (0 of 3): that has no score",
    ]
    assert why == "one class in the test split: 0 of 3 images show ill"


def test_of_several_findings_those_that_lack_are_named_and_what_is_not_labelled_is_no_absence() -> None:
    warnings, _ = found("multilabel", tuple("abcde"), "11111 00000", "11111 00000", "1?000 0?000")
    assert warnings == [
        "the test split has no image with b, c, d and 1 more (0 of 2): that has no score",
    ]
    warnings, why = found("multilabel", ("a", "b"), "11 00", "11 00", "10 10")
    assert warnings == [
        "the test split has no image with b (0 of 2): that has no score",
        "the test split has no image without a (0 of 2): that has no score",
    ]
    assert why == "none of a, b is in some images of the test split and absent from others"


def test_of_classes_each_split_shows_each() -> None:
    warnings, why = found("multiclass", ("a", "b", "c"), "0 1 2", "0 1 2", "1 1")
    assert warnings == ["the test split has no image with a, c (0 of 2): that has no score"]
    assert why == "none of a, b, c is in some images of the test split and absent from others"


@pytest.mark.parametrize("share", [0.0, 0.3, None])
def test_masks_that_show_nothing_are_told_where_it_is_known(share: float | None) -> None:
    index = Index(*((Sample(name, name, (), ""),) for name in "abc"))
    counts = counted(index, Task("segmentation", ("lesion",)))
    warnings = gaps(counts, {"lesion": {"train": share, "validation": 0.1, "test": share}})
    assert len(warnings) == (2 if share == 0 else 0)
    if share == 0:
        assert warnings[0] == "the train split shows no foreground in any of its masks (1): there is nothing to learn"
        assert "a network that finds nothing has a Dice of 1 there" in warnings[1]


def test_a_class_that_no_mask_of_a_split_shows_is_named() -> None:
    index = Index(*((Sample(name, name, (), ""),) for name in "abc"))
    counts = counted(index, Task("segmentation", ("kidney", "tumour")))
    kidney: dict[Split, float | None] = {"train": 0.1, "validation": 0.1, "test": 0.0}
    tumour: dict[Split, float | None] = {"train": 0.0, "validation": 0.1, "test": 0.0}
    train, test = gaps(counts, {"kidney": kidney, "tumour": tumour})
    assert train == "the train split shows no tumour in any of its masks (1): there is nothing to learn"
    assert test.startswith("the test split shows no foreground in any of its masks (1): ")
