"""Photographs in one folder per class, as ImageNet and iNaturalist publish them, with labels that may be coarser."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.images import read_rgb
from datamodules.files.listing import in_utf8
from specs.errors import DataError, UsageError
from specs.quoting import names, plain
from specs.task import Kind, Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

HELD_OUT = 0.02
"""Share of each folder's training images that validates; the published validation images test, as in the literature."""

ENDINGS = (".jpeg", ".jpg", ".png")


@dataclass(frozen=True)
class ClassFolderDataset(Dataset):
    """A multiclass dataset with one folder of images for each class; several folders may share a coarser label.

    Attributes:
        classes: the labels that are kept, in this order; none: all labels of the folders are, in the order of the
            folders.
    """

    classes: tuple[str, ...] = dataclasses.field(default=(), kw_only=True)

    words: ClassVar[Words] = {"classes": "a choice of classes"}

    @abstractmethod
    def training_folder(self, root: Path) -> Path:
        """The folder that holds one folder of training images per class; it need not exist."""

    @abstractmethod
    def test_images(self, root: Path) -> Iterator[tuple[str, Path]]:
        """The class folder's name and the file of every image that tests.

        Raises:
            DataError: if they are not there.
        """

    @abstractmethod
    def label_of_folder(self, root: Path) -> Mapping[str, str]:
        """The label of every class folder, in order.

        Raises:
            DataError: if a file that says so is damaged or incomplete.
        """

    @property
    def kind(self) -> Kind:
        """The kind of the task: each image has exactly one class."""
        return "multiclass"

    @property
    def task(self) -> Task:
        """Which label an image has.

        Raises:
            UsageError: if the labels are not known yet, since they are read from the files.
        """
        if not self.classes:
            raise UsageError(f"{type(self).__name__}: its classes are in its files; `at` reads them.")
        return Task("multiclass", self.classes)

    @property
    def channels(self) -> int:
        """Color photographs, 3 channels."""
        return 3

    @property
    def membership(self) -> frozenset[str]:
        """The arguments of every dataset and ``classes``, whose effect is in the samples and their class numbers."""
        return super().membership | {"classes"}

    def at(self, root: Path) -> Dataset:
        """The dataset with its classes filled in from the folders, if none were given.

        Raises:
            DataError: if there are fewer than two.
        """
        if self.classes:
            return self
        found = tuple(dict.fromkeys(self.label_of_folder(root).values()))
        if len(found) < 2:
            raise self.not_found(root, f"found {len(found)} classes, expected two or more,")
        return dataclasses.replace(self, classes=found)

    def read_labels(self, root: Path) -> Labels:
        """Every image in the class folders, with the label of its folder."""
        labels = self.label_of_folder(root)
        numbers = {name: number for number, name in enumerate(self.classes)}
        if unknown := set(numbers) - set(labels.values()):
            known = names(list(dict.fromkeys(labels.values()))[:5])
            raise DataError(
                f"{type(self).__name__}: no folder in {root} has the label {sorted(unknown)[0]}; there are {known} and "
                "so on. Mend classes or labels."
            )
        samples = []
        trained = ((folder, path) for folder in labels for path in self._training_images(root, folder))
        for split, images in (("train", trained), ("test", self.test_images(root))):
            for folder, path in images:
                if folder not in labels:
                    raise DataError(f"{path}: its class {plain(folder)} has no folder in {self.training_folder(root)}.")
                if (label := labels[folder]) in numbers:
                    name = f"{split}/{folder}/{path.name}"
                    source = path.relative_to(root).as_posix()
                    samples.append(Sample(name, name, (float(numbers[label]),), source))
        return Labels(tuple(samples))

    def _training_images(self, root: Path, folder: str) -> list[Path]:
        """The paths of the training images in a class folder.

        Raises:
            DataError: if there are none, as after a download that was cut off.
        """
        place = self.training_folder(root) / folder
        found = images_in(place)
        if not found:
            raise DataError(
                f"{type(self).__name__}: {place} holds no images ({', '.join(ENDINGS)}). Complete or remove the folder."
            )
        return found

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The published validation images test; of the training images of each folder a fixed share validates."""
        splits: dict[Split, list[Sample]] = {"train": [], "validation": [], "test": []}
        folders: dict[str, list[Sample]] = {}
        for sample in samples:
            split, folder, _ = sample.id.split("/")
            if split == "test":
                splits["test"].append(sample)
            else:
                folders.setdefault(folder, []).append(sample)
        for own in folders.values():
            ordered = sorted(own, key=lambda sample: hashlib.sha256(sample.id.encode()).hexdigest())
            count = min(max(1, round(HELD_OUT * len(own))), len(own) - 1)  # the only image of a class trains
            held = {sample.id for sample in ordered[:count]}
            for sample in own:
                splits["validation" if sample.id in held else "train"].append(sample)
        return splits

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph."""
        return (root / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph in the size of its file, (H, W, 3)."""
        return read_rgb(self.files(root, sample)[0])


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder, by name."""
    with os.scandir(folder) as entries:  # there may be millions of files, so none is asked for by itself
        names = [entry.name for entry in entries if entry.name.lower().endswith(ENDINGS)]
    return [folder / name for name in in_utf8(names, folder)]


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted; none if it does not exist."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return in_utf8(names, folder)
