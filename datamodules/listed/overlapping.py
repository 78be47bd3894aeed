"""How many images and patients of each split of a dataset a list of images names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.listed.matching import How, found_in, keys_of
from datamodules.listed.patients import finder_of, namings_of

Verdict = Literal["images", "patients", "unclear", "none", "nothing"]
"""What a list says of a test split: it names ``images`` of it, or other images of its ``patients``; whether it does is
``unclear``; it names ``none``, and images of other splits in the same way; or ``nothing`` of the dataset at all, which
proves nothing of lists that call images otherwise."""


@dataclass(frozen=True)
class SplitListed:
    """How many images and patients of a split are in a list.

    Attributes:
        images: the number of images of the split.
        by_path: how many of them are in the list by a path of a folder or more.
        by_file_name: how many more are in the list by the names of their files alone.
        ambiguous: how many more may be in the list, since their names fit several images or names.
        patients: the number of patients of the split.
        patients_listed: how many of the patients have an image in the list, in this split or by a name that tells them.
    """

    images: int
    by_path: int
    by_file_name: int
    ambiguous: int
    patients: int
    patients_listed: int

    @property
    def listed(self) -> int:
        """How many images are in the list for sure."""
        return self.by_path + self.by_file_name


@dataclass(frozen=True)
class Listed:
    """A list of images, held against a dataset.

    Attributes:
        names: the number of different names in the list.
        splits: how many images and patients of each split are in it.
        namings: the collections by whose naming the names of both, the list and the dataset, tell patients.
        test_images: the ids of test images that are in the list, or may be; they are names of a hospital's images.
    """

    names: int
    splits: dict[Split, SplitListed]
    namings: tuple[str, ...]
    test_images: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """What the list says of the test split."""
        test = self.splits["test"]
        if test.listed:
            return "images"
        if test.patients_listed:
            return "patients"
        if test.ambiguous:
            return "unclear"
        return "none" if any(of.listed or of.patients_listed for of in self.splits.values()) else "nothing"


def listed_in(dataset: Dataset, index: Index, names: Iterable[str]) -> Listed:
    """Hold a list of images against a dataset, image by image and patient by patient.

    Args:
        dataset: the dataset, which says how it names things.
        index: the splits of the dataset.
        names: the names in the list, as they are written there.
    """
    given = list(dict.fromkeys(names))
    samples = [sample for split in SPLITS for sample in index.split(split)]
    found = found_in(keys_of(given), samples, dataset.listed_as(samples))
    telling, named = [], set[str]()
    for naming in namings_of(dataset):
        find = finder_of(naming)
        patients = {sample.id: {find(sample.id), find(sample.source)} - {None} for sample in samples}
        if not any(patients.values()):
            continue
        if shared := {patient for name in given if (patient := find(name)) is not None}:
            telling.append(naming.collection)
            named |= {image for image, own in patients.items() if own & shared}
    return Listed(
        names=len(given),
        splits={split: _of_split(index.split(split), found, named) for split in SPLITS},
        namings=tuple(telling),
        test_images=tuple(sample.id for sample in index.test if sample.id in found),
    )


def _of_split(samples: Sequence[Sample], found: dict[str, How], named: set[str]) -> SplitListed:
    hows = [found.get(sample.id) for sample in samples]
    listed = {
        sample.patient
        for sample, how in zip(samples, hows, strict=True)
        if how in ("path", "file name") or sample.id in named
    }
    return SplitListed(
        images=len(samples),
        by_path=hows.count("path"),
        by_file_name=hows.count("file name"),
        ambiguous=hows.count("ambiguous"),
        patients=len({sample.patient for sample in samples}),
        patients_listed=len(listed),
    )
