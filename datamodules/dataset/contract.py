"""The contract of every dataset: what it holds, how its files are read, and how its phantom edition is written.

Importing a dataset is light (no torch, no numpy at module level), so that plans and listings answer at once.
``ImageDataModule`` in ``datamodules.pipeline.lightning`` turns any of them into a LightningDataModule.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from datamodules.dataset.absent import WHY, absent
from datamodules.dataset.annotations import FindingLocation, Groups
from datamodules.dataset.dividing import divide
from datamodules.dataset.not_found import not_found
from datamodules.dataset.open_file import OpenFile
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, listed, portion
from specs.errors import DataError, UsageError
from specs.run import digest
from specs.task import Kind, Task
from specs.titles import Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Labels(NamedTuple):
    """What a dataset's label files say.

    Attributes:
        samples: every labelled image, as the label files have it.
        excluded: the ids of images that the dataset itself leaves out, each with the reason.
    """

    samples: tuple[Sample, ...]
    excluded: Mapping[str, str] = {}


@dataclass(frozen=True)
class Index:
    """Which samples belong to which split, without any pixels.

    Attributes:
        train: the samples that networks are trained on.
        validation: the samples by which epochs and settings are picked.
        test: the samples that networks are tested on.
        content: the digest of the files' bytes; empty where ``medtransfer prepare`` digests their pixels instead.
        excluded: the ids of images that were left out, each with the reason.
        pool: the samples of all splits whatever the fraction, to make other splits of; empty where none are made.
    """

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    content: str = ""
    excluded: dict[str, str] = field(default_factory=dict)
    pool: tuple[Sample, ...] = ()

    def split(self, name: Split) -> tuple[Sample, ...]:
        """The samples of one split, in order."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    def identity(self) -> dict[str, str]:
        """Digests of membership, labels, content and exclusions, as they enter a run's key."""

        def plain(sample: Sample) -> list[object]:
            return [sample.id, sample.patient, [None if math.isnan(value) else value for value in sample.target]]

        splits = {name: digest([plain(sample) for sample in self.split(name)]) for name in SPLITS}
        return splits | {"content": self.content, "excluded": digest(self.excluded)}

    def faults(self) -> list[str]:
        """What makes the splits unfit: empty ones, images that are listed twice, patients in two of them."""
        found = [
            f"the {name} split is empty. Expected at least one image in each of {', '.join(SPLITS)}; check the label "
            "and split files."
            for name in SPLITS
            if not self.split(name)
        ]
        everyone = Counter(sample.id for name in SPLITS for sample in self.split(name))
        twice = [one for one, count in everyone.items() if count > 1]
        if twice:
            found.append(f"{len(twice)} images are listed twice, such as {twice[:3]}. List each one once.")
        patients = {name: {sample.patient for sample in self.split(name)} for name in SPLITS}
        for first, second in combinations(SPLITS, 2):
            shared = sorted(patients[first] & patients[second])
            if shared:
                found.append(
                    f"{len(shared)} patients are in both {first} and {second}, such as {shared[:3]}. Expected each "
                    "patient in one split only; mend the split lists."
                )
        return found

    def check(self, dataset: str) -> None:
        """Refuse splits that share a patient or an image, and empty splits.

        Raises:
            DataError: names the splits and some of what they share.
        """
        if faults := self.faults():
            raise DataError("\n".join(f"{dataset}: {fault}" for fault in faults))


@dataclass(frozen=True, kw_only=True)
class Dataset(ABC):
    """A published dataset. Subclasses are frozen dataclasses whose fields are the arguments of its expression.

    Attributes:
        title: what people call it, where that is not what its file's first line begins with (``specs.titles``).
        words: what a title adds for an argument that is not its default, by argument; words of base classes hold too.
        version: a number that is raised when the same files and arguments give other samples than before.
        homepage: the URL where it is published, or words where there is none.
        licence: the terms of its files, in the publisher's words or as an SPDX identifier.
        layout: the expected files under the root, as a tree, for error messages.
        by_hand: a sentence on how a person gets the files, where ``medtransfer fetch`` may not.
        generated: whether a formula makes its images, so that it needs no files.
        phantom_version: a number that is raised when its phantom edition changes.
        pixel_arguments: the arguments that change pixels; the cache of prepared images is keyed by them.
        added: arguments that came later; those that have their default enter no digest, so that older digests stay.
        splits: a folder with lists ``train.txt``, ``validation.txt`` and ``test.txt`` that replace its own split.
        fraction: the share of the training patients that is used, in (0, 1]; larger shares hold the smaller ones.
        order: the number of the order in which patients are taken for a fraction, from 0; each gives other images.
        missing: what is done about images without a file: ``refuse`` them or ``leave out``; others keep their split.
    """

    title: ClassVar[str] = ""
    words: ClassVar[Words] = {
        "splits": "split by own lists",
        "fraction": "{fraction:percent} of the training images",
        "order": "order {order}",
        "missing": {"leave out": "as far as its images are there"},
    }
    version: ClassVar[int] = 1
    homepage: ClassVar[str]
    licence: ClassVar[str]
    layout: ClassVar[str]
    by_hand: ClassVar[str] = ""
    generated: ClassVar[bool] = False
    phantom_version: ClassVar[int] = 1
    pixel_arguments: ClassVar[tuple[str, ...]] = ()
    added: ClassVar[tuple[str, ...]] = ()

    splits: str | None = None
    fraction: float = 1.0
    order: int = 0
    missing: Literal["refuse", "leave out"] = "refuse"

    def __post_init__(self) -> None:
        """Check the ranges of the common arguments.

        Raises:
            UsageError: if the fraction is not in (0, 1], or the order is below 0.
        """
        if not 0 < self.fraction <= 1:
            raise UsageError(f"{type(self).__name__}: fraction is a share in (0, 1], found {self.fraction}.")
        if self.order < 0:
            raise UsageError(f"{type(self).__name__}: order is a number from 0 on, found {self.order}.")

    @property
    @abstractmethod
    def task(self) -> Task:
        """The task that models learn on the dataset."""

    @property
    def kind(self) -> Kind:
        """The kind of the task, which is known without the files."""
        return self.task.kind

    def at(self, root: Path) -> Dataset:
        """The dataset with what only its files tell filled in, such as its classes; itself if there is nothing.

        Raises:
            DataError: if the layout is not the expected one.
        """
        return self

    @property
    @abstractmethod
    def channels(self) -> int:
        """The number of channels of its images, from 1 on: 1 is grayscale, 3 is taken for RGB."""

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What its channels are called in pictures, in their order."""
        numbered = tuple(f"channel {number}" for number in range(1, self.channels + 1))
        return {1: ("gray",), 3: ("red", "green", "blue")}.get(self.channels, numbered)

    @property
    def published(self) -> Mapping[str, int]:
        """Counts that its publishers or a paper state, which `medtransfer check` compares with.

        Keys are ``images``, ``patients`` or a class (then images that show it), alone or after a split's name.
        """
        return {}

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The published collections that its images come from, by registry name if they have one; empty: its own.

        Of two datasets of one collection, one may be a leak in the test of the other.
        """
        return ()

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """The published files that make up the dataset, where they may be fetched without a form; else none."""
        return ()

    @property
    def folder(self) -> str | None:
        """The folder of the dataset, absolute or under the data root; None: the folder of its registry name."""
        return None

    @property
    def membership(self) -> frozenset[str]:
        """The arguments that only choose samples; the digests of splits stand for them in a run's identity."""
        return frozenset({"splits", "fraction", "order", "missing"})

    @abstractmethod
    def read_labels(self, root: Path) -> Labels:
        """Read the label files under ``root``; no image is opened.

        Raises:
            DataError: if the layout is not the expected one, or a label file is damaged.
        """

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The published split; where there is none, a fixed patient-wise split by strata into 80, 10 and 10 %."""
        return divide(samples, self.task, type(self).__name__)

    def content(self, root: Path, samples: tuple[Sample, ...]) -> str:
        """The digest of all image and mask files, where they are few enough to be read at each start; else empty."""
        return ""

    @property
    def needs_preparing(self) -> bool:
        """Whether it must be prepared before it is trained on, since nothing else digests its files."""
        return not self.generated and type(self).content is Dataset.content

    def listed_as(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]] | None:
        """What the lists of ``splits`` may name beside images, each for all of its samples; None: nothing."""
        return None

    def used_in(self, split: Split, sample: Sample) -> Sample:
        """The sample as a split uses it, such as with uncertain labels masked outside training."""
        return sample

    def training_target(self, sample: Sample, seed: int) -> tuple[float, ...]:
        """The target that a run of this seed trains on; the same in every epoch."""
        return sample.target

    def index(self, root: Path, dropped: Mapping[str, str] | None = None) -> Index:
        """The splits, by the user's lists or the dataset's own, without what is dropped; training has its ``fraction``.

        Args:
            root: the folder that holds the files.
            dropped: the ids of images to leave out, each with the reason.

        Raises:
            DataError: if the layout is not the expected one, a label file is damaged, or a split list does not fit.
        """
        if (known := self.at(root)) != self:
            return known.index(root, dropped)
        labels, dropped = self.read_labels(root), dropped or {}
        gone = self.absent(root, labels.samples)
        dropped = dict.fromkeys(gone, WHY) | dict(dropped)
        if self.splits:
            splits = listed(Path(self.splits).expanduser(), labels.samples, self.listed_as(labels.samples))
        else:
            splits = self.own_split(root, labels.samples)
        kept = {name: [sample for sample in splits[name] if sample.id not in dropped] for name in SPLITS}
        pool = tuple(sample for name in SPLITS for sample in kept[name])
        excluded = dict(labels.excluded) | dropped
        content = self.content(root, tuple(sample for sample in labels.samples if sample.id not in gone))
        return Index(**self.used(kept), content=content, excluded=excluded, pool=pool)

    def absent(self, root: Path, samples: Sequence[Sample]) -> dict[str, str]:
        """The samples that are left out since a file is not there: the path of that file by the sample's id."""
        return absent(samples, lambda sample: self.files(root, sample)) if self.missing == "leave out" else {}

    def used(self, splits: Mapping[Split, Sequence[Sample]]) -> dict[Split, tuple[Sample, ...]]:
        """The splits as they are used, from samples as the label files have them: training has its ``fraction``."""
        used = {name: tuple(self.used_in(name, sample) for sample in splits[name]) for name in SPLITS}
        if self.fraction < 1:
            salt = type(self).__name__ + (f"-{self.order}" if self.order else "")
            used["train"] = portion(used["train"], self.task, self.fraction, salt)
        return used

    @abstractmethod
    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The files that a sample's pixels come from, the image first; they need not exist."""

    @abstractmethod
    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """Pixels of shape (H, W) where ``channels`` is 1, else (H, W, channels), uint8 in 0..255.

        Raises:
            DataError: names the file if it is missing or unreadable.
        """

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """Segmentation only: the mask of shape (H, W), uint8: 0, or the number of a class of the task, from 1 on.

        ``specs.task.IGNORED`` is where nobody said what is there.
        """
        raise DataError(f"{type(self).__name__} has no masks; it is a {self.task.kind} dataset.")

    def second_mask(self, root: Path, sample: Sample) -> Pixels | None:
        """Segmentation only: the mask of a second observer, of the form of ``read_mask``; None where there is none."""
        return None

    def mask_value(self, root: Path, sample: Sample) -> float | None:
        """Segmentation only: the value of a mask's foreground, if all must share it; None else, or if it is empty."""
        return None

    def read_field_of_view(self, root: Path, sample: Sample) -> Pixels | None:
        """Segmentation only: the field of view (H, W), uint8, 1 where pixels count in its metrics; None if all do."""
        return None

    @abstractmethod
    def write_phantom(self, root: Path) -> None:
        """Write the phantom edition under ``root``: small, learnable, in the real layout, always the same."""

    def located(self, root: Path) -> Mapping[str, tuple[FindingLocation, ...]]:
        """Where findings are in images, by sample id, as far as that is published.

        Raises:
            DataError: if nothing is published, or its file is missing or damaged.
        """
        raise DataError(f"{type(self).__name__} does not say where in its images the findings are.")

    def grouped(self, root: Path) -> Groups:
        """The groups of patients that scores are told of; by default none. They enter no identity."""
        return {}

    def not_found(self, root: Path, found: str) -> DataError:
        """The error for a folder that does not hold the dataset."""
        return not_found(self, root, found)
