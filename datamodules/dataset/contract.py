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
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from datamodules.dataset.open_file import OpenFile
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, divide, listed, portion
from specs.errors import DataError, UsageError
from specs.run import digest
from specs.task import Kind, Task
from specs.titles import Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Located(NamedTuple):
    """A finding and its place in an image.

    Attributes:
        finding: the name of its class.
        box: left, top, width and height in pixels of the image.
        mask: an image file that is not 0 where the finding is; None where only the box is known.
    """

    finding: str
    box: tuple[float, float, float, float]
    mask: Path | None = None


class Labels(NamedTuple):
    """What a dataset's label files say.

    Attributes:
        samples: every labelled image.
        excluded: ids that the dataset itself leaves out, with the reason.
    """

    samples: tuple[Sample, ...]
    excluded: Mapping[str, str] = {}


@dataclass(frozen=True)
class Index:
    """Which samples belong to which split, without any pixels.

    Attributes:
        content: digest of the files' bytes; empty where they are too many to be read at each start, and
            ``medtransfer prepare`` digests their pixels once.
        excluded: ids that were left out, with the reason.
        pool: the samples of all splits, as the label files have them and whatever the fraction, to make other splits
            of; empty where there are to be none.
    """

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    content: str = ""
    excluded: dict[str, str] = field(default_factory=dict)
    pool: tuple[Sample, ...] = ()

    def split(self, name: Split) -> tuple[Sample, ...]:
        """The samples of one split, in order."""
        samples: tuple[Sample, ...] = getattr(self, name)
        return samples

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
        faults = self.faults()
        if faults:
            raise DataError("\n".join(f"{dataset}: {fault}" for fault in faults))


@dataclass(frozen=True, kw_only=True)
class Dataset(ABC):
    """A published dataset. Subclasses are frozen dataclasses whose fields are the arguments of its expression.

    Attributes:
        title: what people call it, where that is not what its file's first line begins with (``specs.titles``).
        words: by argument, what a title says of it where it is not the default; those of base classes hold too.
        version: raised on purpose when the same files and arguments give other samples than before.
        homepage: where it is published.
        licence: its terms, in the publisher's words or as an SPDX identifier.
        layout: the expected files under the root, as a tree, for error messages.
        by_hand: a sentence on how a person gets the files, where ``medtransfer fetch`` may not.
        generated: True if a formula makes its images, so that it needs no files.
        phantom_version: raised on purpose when its phantom edition is another than before.
        pixel_arguments: the arguments that change pixels; the cache of prepared images is keyed by them.
        splits: a folder with ``train.txt``, ``validation.txt`` and ``test.txt`` to use instead of the dataset's own
            split: one image a line, then its labels or nothing.
        fraction: share of the training patients that are used, in (0, 1]; smaller shares are parts of larger ones.
    """

    title: ClassVar[str] = ""
    words: ClassVar[Words] = {
        "splits": "split by own lists",
        "fraction": "{fraction:percent} of the training images",
    }
    version: ClassVar[int] = 1
    homepage: ClassVar[str]
    licence: ClassVar[str]
    layout: ClassVar[str]
    by_hand: ClassVar[str] = ""
    generated: ClassVar[bool] = False
    phantom_version: ClassVar[int] = 1
    pixel_arguments: ClassVar[tuple[str, ...]] = ()

    splits: str | None = None
    fraction: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges of the common arguments.

        Raises:
            UsageError: if the fraction is not in (0, 1].
        """
        if not 0 < self.fraction <= 1:
            raise UsageError(f"{type(self).__name__}: fraction is a share in (0, 1], found {self.fraction}.")

    @property
    @abstractmethod
    def task(self) -> Task:
        """What is asked of a model on it."""

    @property
    def kind(self) -> Kind:
        """The kind of the task, which is known without the files."""
        return self.task.kind

    def at(self, root: Path) -> Dataset:
        """The dataset with what only its files say filled in, such as its classes; itself where there is nothing.

        Raises:
            DataError: if the layout is not the expected one.
        """
        return self

    @property
    @abstractmethod
    def channels(self) -> int:
        """1 (grayscale) or 3 (RGB)."""

    @property
    def published(self) -> Mapping[str, int]:
        """Counts that its publishers or a paper state, which `medtransfer check` compares with.

        Keys are ``images``, ``patients`` or a class (then images that show it), alone or after a split's name.
        """
        return {}

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The published collections that its images are from, by registry name where there is one; empty: its own.

        Two datasets of one collection may share images, which makes one a leak in the test of the other.
        """
        return ()

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """The published files that make up the dataset, where they may be fetched without a form; else none."""
        return ()

    @property
    def place(self) -> str | None:
        """Its folder, absolute or under the data root; None: the folder of its registry name."""
        return None

    @property
    def membership(self) -> frozenset[str]:
        """The arguments whose whole effect is which samples there are; they stay out of a run's identity.

        The digests of the splits see what they do, so two spellings of one choice are one run.
        """
        return frozenset({"splits", "fraction"})

    @abstractmethod
    def read_labels(self, root: Path) -> Labels:
        """Read the label files under ``root``; no image is opened.

        Raises:
            DataError: if the layout is not the expected one, or a label file is damaged.
        """

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The published split; where there is none, a fixed patient-wise one of 80, 10 and 10 %, by strata."""
        return divide(samples, self.task, type(self).__name__)

    def content(self, root: Path, samples: tuple[Sample, ...]) -> str:
        """Digest of all image and mask files where that takes no time to speak of, else empty."""
        return ""

    @property
    def needs_preparing(self) -> bool:
        """Whether it must be prepared before it is trained on, since nothing else digests its files."""
        return not self.generated and type(self).content is Dataset.content

    def used_in(self, split: Split, sample: Sample) -> Sample:
        """The sample as a split uses it, such as with uncertain labels masked outside training."""
        return sample

    def training_target(self, sample: Sample, seed: int) -> tuple[float, ...]:
        """The target that a run of this seed trains on; the same in every epoch."""
        return sample.target

    def index(self, root: Path, dropped: Mapping[str, str] | None = None) -> Index:
        """The splits: the user's lists or the dataset's own, without what is dropped, and of training the fraction.

        Args:
            root: where the files are.
            dropped: ids to leave out, with the reason.

        Raises:
            DataError: if the layout is not the expected one, a label file is damaged, or a split list does not fit.
        """
        if (known := self.at(root)) != self:
            return known.index(root, dropped)
        labels, dropped = self.read_labels(root), dropped or {}
        splits = listed(Path(self.splits), labels.samples) if self.splits else self.own_split(root, labels.samples)
        kept = {name: [sample for sample in splits[name] if sample.id not in dropped] for name in SPLITS}
        pool = tuple(sample for name in SPLITS for sample in kept[name])
        excluded = dict(labels.excluded) | dict(dropped)
        return Index(**self.used(kept), content=self.content(root, labels.samples), excluded=excluded, pool=pool)

    def used(self, splits: Mapping[Split, Sequence[Sample]]) -> dict[Split, tuple[Sample, ...]]:
        """Splits of samples as the label files have them, as they are used: of training the fraction."""
        used = {name: tuple(self.used_in(name, sample) for sample in splits[name]) for name in SPLITS}
        if self.fraction < 1:
            used["train"] = portion(used["train"], self.task, self.fraction, type(self).__name__)
        return used

    @abstractmethod
    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The files that a sample's pixels come from, the image first; they need not exist."""

    @abstractmethod
    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """Pixels of shape (H, W) where ``channels`` is 1, else (H, W, 3), uint8 in 0..255.

        Raises:
            DataError: names the file if it is missing or unreadable.
        """

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """Segmentation only: the mask of shape (H, W), uint8, 1 on the foreground and 0 elsewhere."""
        raise DataError(f"{type(self).__name__} has no masks; it is a {self.task.kind} dataset.")

    def read_field_of_view(self, root: Path, sample: Sample) -> Pixels | None:
        """Segmentation only: (H, W), uint8, 1 where pixels count in the field-of-view metrics; None if all do."""
        return None

    @abstractmethod
    def write_phantom(self, root: Path) -> None:
        """Write the phantom edition under ``root``: small, learnable, in the real layout, always the same."""

    def located(self, root: Path) -> Mapping[str, tuple[Located, ...]]:
        """Where findings are in images, by sample id, as far as that is published.

        Raises:
            DataError: if nothing is published, or its file is missing or damaged.
        """
        raise DataError(f"{type(self).__name__} does not say where in its images the findings are.")

    def not_found(self, root: Path, found: str) -> DataError:
        """The error for a folder that does not hold the dataset."""
        listed = sorted(path.name for path in root.iterdir())[:8] if root.is_dir() else None
        holds = f"which holds {', '.join(listed) or 'nothing'}" if listed is not None else "which does not exist"
        public = self.homepage.startswith("http")  # else it is a folder of the user's own
        source = f"It is published at {self.homepage} ({self.licence}). Put it" if public else "Put your files"
        return DataError(
            f"{type(self).__name__}: {found} in {root}, {holds}.\nExpected:\n{self.layout}\n"
            f"{source} there or give another --data-root"
            + ("; `medtransfer fetch` puts it there." if self.open_files else ".")
        )
