"""Shortcut: a dataset with a synthetic artifact that goes with a label in training and not in testing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from datamodules.dataset.altering import Altering
from datamodules.dataset.annotations import FindingLocation, Groups
from datamodules.dataset.contract import SPLITS, Dataset, Index, Labels
from datamodules.dataset.open_file import OpenFile
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, below
from specs.errors import UsageError, unknown
from specs.expression import Call
from specs.registry import DATASETS
from specs.task import Kind, Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

DRAWING = 1
"""Raised on purpose when the artifact is drawn into other images, or otherwise, than before."""

TAKEN_OVER = ("homepage", "licence", "layout", "by_hand", "generated", "phantom_version")
"""What is said of the dataset inside, and holds for this one too."""


@dataclass(frozen=True)
class Shortcut(Dataset, Altering):
    """Any dataset for classification with an artifact that is drawn into its images as they are trained and tested on.

    In training and validation an image has the artifact where its label says so, in the share ``strength`` of the
    images, and where it does not in the others. In testing every second image has it, whatever its label is. Which
    images these are follows from their names. So a network that reads the artifact alone scores ``strength`` in
    validation and nothing but chance in testing. Files, splits, labels and patients are those of the dataset inside.

    The idea: Juodelyte et al. 2024, "Source matters", https://arxiv.org/abs/2403.04484. The artifacts are our own.

    Attributes:
        of: the dataset that the artifact is drawn into, an expression without quotes.
        artifact: what is drawn: a ``tag`` in the upper left corner, or weak stripes of one ``frequency`` all over.
        strength: the share of the training images in which the artifact agrees with the label, in [0.5, 1]; of 0.5 it
            says nothing.
        label: the class that the artifact goes with; None takes the first one.
        testing: the test images that have it: every second one, ``independent`` of the label, ``always`` all, or
            ``never`` any.
    """

    of: Annotated[Call, "datamodules"]
    artifact: Literal["tag", "frequency"] = "tag"
    strength: float = 0.9
    label: str | None = None
    testing: Literal["independent", "always", "never"] = "independent"

    title: ClassVar[str] = "{of:datasets} with a synthetic {artifact}"
    words: ClassVar[Words] = {
        "artifact": {"tag": "tag", "frequency": "stripe pattern"},
        "strength": "in {strength:percent} with the label",
        "label": "going with {label}",
        "testing": {"always": "in all test images", "never": "in no test image"},
    }
    homepage: ClassVar[str] = "that of the dataset inside"
    licence: ClassVar[str] = "made by this program"
    layout: ClassVar[str] = "  the files of the dataset inside"

    def __post_init__(self) -> None:
        """Build the dataset inside, and check that its labels can go with an artifact.

        Raises:
            UsageError: if it has masks or classes that only its files tell, states its own splits, fraction or missing
                files, or has no such class; or if the strength is not in [0.5, 1].
        """
        super().__post_init__()
        inner: Dataset = DATASETS.build(self.of)
        common = {field.name: field.default for field in dataclasses.fields(Dataset)}
        if said := [name for name, default in common.items() if getattr(inner, name) != default]:
            raise UsageError(
                f"shortcut: {said[0]} is said of {self.of.name}, inside. Say it of the whole, as in "
                f"shortcut({self.of.name}(...), {said[0]}=...)."
            )
        if inner.kind == "segmentation":
            raise UsageError(
                f"shortcut: {self.of.name} has masks, and an artifact goes with a label. Take a dataset of a "
                "classification task."
            )
        if not 0.5 <= self.strength <= 1:
            raise UsageError(f"shortcut: strength is a share from 0.5 to 1, found {self.strength}.")
        inner = dataclasses.replace(inner, **{name: getattr(self, name) for name in common})
        try:
            classes = inner.task.classes
        except UsageError as error:
            raise UsageError(
                f"shortcut: {self.of.name} tells its classes by its files alone, and an artifact goes with one of "
                "them. Name the classes in its arguments, or take another dataset."
            ) from error
        if self.label is not None and self.label not in classes:
            raise unknown(f"class of {self.of.name}", self.label, classes)
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "version", 1000 * DRAWING + inner.version)  # a change of either is another dataset
        for name in TAKEN_OVER:
            object.__setattr__(self, name, getattr(inner, name))

    @property
    def inner(self) -> Dataset:
        """The dataset inside, with the splits, the fraction and the missing files of the whole."""
        found: Dataset = self._inner  # type: ignore[attr-defined]
        return found

    @property
    def going_with(self) -> str:
        """The class that the artifact goes with."""
        return self.label or self.task.classes[0]

    def has_artifact(self, sample: Sample, split: Split) -> bool:
        """Whether an image has the artifact in a split; one that nobody labelled has it in every second case.

        Args:
            sample: the image, by its name and label.
            split: the split that the image is in.
        """
        salt = f"shortcut {self.artifact} {self.going_with}"
        coin = below(0.5, f"{salt} in testing:{sample.id}")
        if split == "test":
            return {"always": True, "never": False}.get(self.testing, coin)
        shown = self.shows(sample)
        return coin if shown is None else shown == below(self.strength, f"{salt} agrees:{sample.id}")

    def shows(self, sample: Sample) -> bool | None:
        """Whether an image shows the class that the artifact goes with; None where its label does not say so."""
        number = self.task.classes.index(self.going_with)
        if self.task.kind == "multiclass":
            return sample.target[0] == number
        return {0.0: False, 1.0: True}.get(sample.target[number])

    def shown(self, image: Pixels, sample: Sample, split: Split) -> Pixels:
        """The image, with the artifact if it has it in the split."""
        from datamodules.pipeline.artifacts import ARTIFACTS

        if isinstance(self.inner, Altering):
            image = self.inner.shown(image, sample, split)
        return ARTIFACTS[self.artifact](image) if self.has_artifact(sample, split) else image

    def grouped(self, root: Path) -> Groups:
        """The groups of the dataset inside, and test images by the artifact, and by whether it agrees with the label.

        They are those of testing, in whichever split an image is.
        """
        found = dict(self.inner.grouped(root))
        if self.testing != "independent":
            return found
        index = self.index(root)
        samples = [sample for split in SPLITS for sample in index.split(split)] + list(index.pool)
        there = {sample.id: self.has_artifact(sample, "test") for sample in samples}
        shown = {sample.id: self.shows(sample) for sample in samples}
        name = f"synthetic {self.artifact}"
        found[name] = {one: "with it" if has else "without it" for one, has in there.items()}
        found[f"{name} and label"] = {
            one: "agree" if there[one] == shows else "contradict" for one, shows in shown.items() if shows is not None
        }
        return found

    @property
    def task(self) -> Task:
        """The task of the dataset inside."""
        return self.inner.task

    @property
    def kind(self) -> Kind:
        """The kind of its task."""
        return self.inner.kind

    @property
    def channels(self) -> int:
        """The channels of its images."""
        return self.inner.channels

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The names of its channels."""
        return self.inner.channel_names

    @property
    def published(self) -> Mapping[str, int]:
        """The counts that its publishers state."""
        return self.inner.published

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The collections that its images come from; of those that name none, the dataset itself."""
        return self.inner.taken_from or (self.of.name,)

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """The published files that make it up."""
        return self.inner.open_files

    @property
    def folder(self) -> str | None:
        """Its folder, or None for that of its registry name."""
        return self.inner.folder

    @property
    def needs_preparing(self) -> bool:
        """Whether it must be prepared; what is prepared is without the artifact, and the same for both."""
        return self.inner.needs_preparing

    def read_labels(self, root: Path) -> Labels:
        """What its label files say."""
        return self.inner.read_labels(root)

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The split that it has by itself."""
        return self.inner.own_split(root, samples)

    def content(self, root: Path, samples: tuple[Sample, ...]) -> str:
        """The digest of its files; the artifact follows from the arguments."""
        return self.inner.content(root, samples)

    def listed_as(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]] | None:
        """What users' lists may name beside images."""
        return self.inner.listed_as(samples)

    def used_in(self, split: Split, sample: Sample) -> Sample:
        """The sample as it uses it."""
        return self.inner.used_in(split, sample)

    def training_target(self, sample: Sample, seed: int) -> tuple[float, ...]:
        """The target that it trains on."""
        return self.inner.training_target(sample, seed)

    def index(self, root: Path, dropped: Mapping[str, str] | None = None) -> Index:
        """Its splits."""
        return self.inner.index(root, dropped)

    def absent(self, root: Path, samples: Sequence[Sample]) -> dict[str, str]:
        """The samples of which a file is not there."""
        return self.inner.absent(root, samples)

    def used(self, splits: Mapping[Split, Sequence[Sample]]) -> dict[Split, tuple[Sample, ...]]:
        """Its splits as they are used; a fraction is of the same patients as without the artifact."""
        return self.inner.used(splits)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The files that a sample's pixels come from."""
        return self.inner.files(root, sample)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The pixels as its files have them, without the artifact, which ``shown`` draws."""
        return self.inner.read_image(root, sample)

    def located(self, root: Path) -> Mapping[str, tuple[FindingLocation, ...]]:
        """Where findings are in its images."""
        return self.inner.located(root)

    def write_phantom(self, root: Path) -> None:
        """Write its phantom edition, which is the same with and without the artifact."""
        self.inner.write_phantom(root)
