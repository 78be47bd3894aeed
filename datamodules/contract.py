"""The contract of every dataset: what it holds, how its files are read, and how its phantom edition is written.

Importing a dataset is light (no torch, no numpy at module level), so that plans and listings answer at once.
``ImageDataModule`` in ``datamodules.lightning`` turns any of them into a LightningDataModule.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from specs.errors import DataError
from specs.run import digest
from specs.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Sample(NamedTuple):
    """One image.

    Attributes:
        id: unique within the dataset; part of the identity of runs.
        patient: whom it shows; equal to ``id`` where the dataset does not say.
        target: multilabel and binary: 0, 1 or NaN (not labelled) per class; multiclass: the class's number;
            segmentation: empty.
        source: where its pixels are, in the dataset's own terms (such as a path under the root).
    """

    id: str
    patient: str
    target: tuple[float, ...]
    source: str


@dataclass(frozen=True)
class Index:
    """Which samples belong to which split, without any pixels.

    Attributes:
        content: digest of what shapes the result and does not show in the samples (masks, pixels in a container).
        excluded: ids that were left out, with the reason.
    """

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    content: str = ""
    excluded: dict[str, str] = field(default_factory=dict)

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

    def check(self, dataset: str) -> None:
        """Refuse splits that share a patient or an image, and empty splits.

        Raises:
            DataError: names the splits and some of what they share.
        """
        for name in SPLITS:
            if not self.split(name):
                raise DataError(
                    f"{dataset}: the {name} split is empty. Expected at least one image in each of "
                    f"{', '.join(SPLITS)}; check the label and split files."
                )
        everyone = [sample.id for name in SPLITS for sample in self.split(name)]
        if len(set(everyone)) != len(everyone):
            seen: set[str] = set()
            twice = [one for one in everyone if one in seen or seen.add(one)]  # type: ignore[func-returns-value]
            raise DataError(
                f"{dataset}: {len(twice)} images are listed twice, such as {twice[:3]}. List each one once."
            )
        patients = {name: {sample.patient for sample in self.split(name)} for name in SPLITS}
        for first, second in (("train", "validation"), ("train", "test"), ("validation", "test")):
            shared = sorted(patients[first] & patients[second])  # type: ignore[index]
            if shared:
                raise DataError(
                    f"{dataset}: {len(shared)} patients are in both {first} and {second}, such as {shared[:3]}. "
                    "Expected each patient in one split only; mend the split lists."
                )


class Dataset(ABC):
    """A published dataset. Subclasses are frozen dataclasses whose fields are the arguments of its expression.

    Attributes:
        version: raised on purpose when the same files and arguments give other samples than before.
        homepage: where it is published.
        licence: its terms, in the publisher's words or as an SPDX identifier.
        layout: the expected files under the root, as a tree, for error messages.
        generated: True if a formula makes its images, so that it needs no files.
    """

    version: ClassVar[int] = 1
    homepage: ClassVar[str]
    licence: ClassVar[str]
    layout: ClassVar[str]
    generated: ClassVar[bool] = False

    @property
    @abstractmethod
    def task(self) -> Task:
        """What is asked of a model on it."""

    @property
    @abstractmethod
    def channels(self) -> int:
        """1 (grayscale) or 3 (RGB)."""

    @abstractmethod
    def index(self, root: Path) -> Index:
        """Read the label and split files under ``root``; no image is opened.

        Raises:
            DataError: if the layout is not the expected one, or a label file is damaged.
        """

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

    def not_found(self, root: Path, found: str) -> DataError:
        """The error for a folder that does not hold the dataset."""
        listed = sorted(path.name for path in root.iterdir())[:8] if root.is_dir() else None
        holds = f"which holds {', '.join(listed) or 'nothing'}" if listed is not None else "which does not exist"
        return DataError(
            f"{type(self).__name__}: {found} in {root}, {holds}.\nExpected:\n{self.layout}\n"
            f"It is published at {self.homepage} ({self.licence}). Put it there or give another --data-root."
        )
