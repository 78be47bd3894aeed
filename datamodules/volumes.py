"""Volumes: CT and MR volumes of your own as slices, with masks or a table of cases, segmentation or classification."""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import ClassVar, Literal

from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.tables import Form
from datamodules.folders.labelling import Labelling
from datamodules.folders.rules import check_encoding, check_labels, check_people
from datamodules.folders.splitting import divided, split_of
from datamodules.folders.words import Words as CellWords
from datamodules.slicing.cases import Case, Pattern, told_apart
from datamodules.slicing.cutting import Cut
from datamodules.slicing.kept import Image
from datamodules.slicing.listing import Listing, NothingFoundError
from datamodules.slicing.marking import Foreground, Marking, Values
from datamodules.slicing.planes import Axis
from datamodules.slicing.rules import check_channels, check_class_folders, check_marking, check_patterns, check_slices
from datamodules.slicing.sliced import Chosen, Sliced, Slicing
from specs.run import digest
from specs.task import Kind, Task
from specs.titles import KINDS_IN_WORDS, Words, unsaid


@dataclass(frozen=True)
class Volumes(Sliced):
    """Volumes of any site, as slices. Nothing of them leaves the machine: tables and wandb get counts and scores alone.

    A volume is a NIfTI file (``.nii``, ``.nii.gz``), a MetaImage or NRRD file with its voxels inside (``.mha``,
    ``.nrrd``), or a folder of DICOM files of one series. Each case is one volume, or one of several
    channels, which all are on one grid. Segmentation: each case has a mask on the grid of its image, whose background
    is 0. Classification: a table names one case a row, and every slice has the label of its case.

    Slices of a patient are in one split. The mean Dice over whole volumes and over patients stands beside the scores.

    Attributes:
        path: the folder, absolute or under the data root.
        kind: the kind of the task: what is asked of each slice.
        classes: the names of the classes; binary has one.
        axis: the axis across which slices are taken: ``axial``, ``coronal`` or ``sagittal`` by the file's orientation,
            shown as usual with the patient's right at the left; ``acquired``: the third axis of the file, as stored.
            Oblique volumes give slices of their own nearest axis.
        images: the path of the images in the folder, in which stars stand for the name of the case; a folder is read
            as a DICOM series. Several paths, such as ``("*/t1.nii.gz", "*/t2.nii.gz")``, are the channels of an image.
        masks: segmentation: the path of the masks, with as many stars.
        every: the step from slice to slice: 1 takes all, 3 every third one.
        slices: segmentation: ``with finding`` trains and validates on slices whose mask shows a class, tests on all.
        spacing: the side of square pixels in mm that slices are resampled to; without one, pixels are as stored, and
            slices of volumes with thick slices look compressed from the side.
        window: center and width of what is shown, in the units of the file (of CT, Hounsfield units); without one, from
            the 0.5th to the 99.5th percentile of each volume, and of several channels of each one.
        neighbours: 1 shows the slices before and after each slice as two more channels; the first and the last slice
            are repeated. Only for images of one channel.
        foreground: segmentation of one class: which values of masks are foreground: ``one value`` (one beside 0, the
            same in all), ``above 0``, or values such as ``(1, 2)``.
        values: segmentation of several classes: the values that mark each class in order, such as ``(1, (2, 3))``;
            empty: 1, 2 and so on.
        ignored: segmentation of several classes: values of voxels of which nobody said what they show.
        table: file name of the table; ``labels.csv`` if not given.
        case: the column of the table that names cases, or has the paths of images.
        label: the column of classes (binary: the name of the class if not given; multiclass: ``label``).
        patient: the column of patients; without one, each case counts as its own.
        split: the column of splits (train, validation or val, test); without one, a fixed patient-wise division has 80,
            10 and 10 %.
        patient_in_name: a regular expression that finds the patient in an image's path, in brackets if not as a whole.
        positive: binary: words of cells that say that the class is there, beside 1.
        negative: binary: words of cells that say that it is not, beside 0; with ``folders``, names of folders.
        encoding: the encoding of the table, such as ``cp1252``; without it UTF-8, or what the file's first bytes say.
        sheet: the sheet that is read of a workbook with several.
        channels_named: names of the channels in pictures; without them, what tells their paths apart. With one path in
            ``images``, each file is NIfTI and holds so many channels along its fourth axis.
        labels: classification: where labels are: ``cells`` of the table, or ``folders``: the first star of ``images``
            is a folder for each class; binary, ``negative`` names the folders of cases without it.
    """

    path: str = "volumes"
    kind: Literal["binary", "multiclass", "segmentation"] = "segmentation"
    classes: tuple[str, ...] = ("positive",)
    _: KW_ONLY
    axis: Axis = "axial"
    images: str | tuple[str, ...] = "*/imaging.nii.gz"
    masks: str = "*/segmentation.nii.gz"
    every: int = 1
    slices: Chosen = "all"
    spacing: float | None = None
    window: tuple[float, float] | None = None
    neighbours: Literal[0, 1] = 0
    foreground: Foreground = "one value"
    values: tuple[Values, ...] = ()
    ignored: tuple[int, ...] = ()
    table: str | None = None
    case: str = "case"
    label: str | None = None
    patient: str | None = None
    split: str | None = None
    patient_in_name: str | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    encoding: str | None = None
    sheet: str | None = None
    channels_named: tuple[str, ...] = ()
    labels: Literal["cells", "folders"] = "cells"

    title: ClassVar[str] = "{path:file}"
    unnamed: ClassVar[str] = "your volumes"
    words: ClassVar[Words] = {
        **unsaid("images", "masks", "values", "ignored", "table", "case", "label", "patient", "split", "sheet",
                 "patient_in_name", "positive", "negative", "encoding", "labels", "channels_named"),
        "kind": KINDS_IN_WORDS, "classes": "segmentation of {classes}", "window": "window {window:g}",
        "axis": "{axis} slices", "foreground": "marked {foreground}",
        "spacing": "pixels of {spacing:g} mm",
        "neighbours": {1: "with the neighbouring slices"},
    }  # fmt: skip
    homepage: ClassVar[str] = "your own folder"
    licence: ClassVar[str] = "yours"
    by_hand: ClassVar[str] = "Its files are your own."
    layout: ClassVar[str] = (
        "  FOLDER/                      volumes(\"FOLDER\", classes=(\"kidney\", \"tumour\"))\n"
        "    case_00000/imaging.nii.gz, segmentation.nii.gz ...\n"
        "  FOLDER/                      volumes(\"FOLDER\", images=\"images/*.nii.gz\", masks=\"masks/*.nii.gz\")\n"
        "    images/a.nii.gz ...\n"
        "    masks/a.nii.gz ...\n"
        "  FOLDER/                      volumes(\"FOLDER\", images=(\"*/t1.nii.gz\", \"*/t2.nii.gz\"))\n"
        "    a/t1.nii.gz, t2.nii.gz, segmentation.nii.gz ...\n"
        "  FOLDER/                      volumes(\"FOLDER\", kind=\"binary\", classes=(\"ill\",), images=\"scans/*\")\n"
        "    labels.csv                 case,ill[,patient][,split] in any order\n"
        "    scans/a/1.dcm ...          a folder for each series"
    )  # fmt: skip
    pixel_arguments: ClassVar[tuple[str, ...]] = (
        "kind", "classes", "axis", "images", "masks", "every", "spacing", "window", "neighbours", "foreground",
        "values", "ignored",
    )  # fmt: skip
    added: ClassVar[tuple[str, ...]] = ("channels_named", "labels")

    def __post_init__(self) -> None:
        """Check what can be checked without the files.

        Raises:
            UsageError: says what was expected.
        """
        super().__post_init__()
        check_slices(self._cut, self.every, self.window)
        check_channels(self._images, self.channels_named, self.neighbours)
        check_patterns(self._images, self._masks, self.kind)
        check_marking(self._marking, self.kind, self.slices != "all")
        check_people(self.patient, self.patient_in_name, self.split, "column", "volumes")
        check_encoding(self.encoding, "volumes")
        named = bool(self.table or self.label or self.patient or self.split)
        check_labels(self.kind, self.classes, self.labels, self.negative, named, "volumes")
        check_class_folders(self._images[0], self.labels)

    @property
    def folder(self) -> str | None:
        """The argument ``path``."""
        return self.path

    @property
    def taken_from(self) -> tuple[str, ...]:
        """A collection for each folder; the folder's path enters it as a digest only."""
        return (f"volumes {digest(os.path.normpath(Path(self.path).expanduser()))[:8]}",)

    @property
    def membership(self) -> frozenset[str]:
        """The arguments that say where things are, and of whom: digests of splits and pixels contain their effect."""
        own = {"path", "images", "masks", "table", "case", "label", "patient", "split", "patient_in_name", "positive"}
        return super().membership | own | {"negative", "encoding", "sheet", "channels_named", "labels"}

    @property
    def task(self) -> Task:
        """The task of the given kind and classes."""
        kind: Kind = self.kind
        return Task(kind, self.classes)

    @property
    def channels(self) -> int:
        """One for each path in ``images``, those of the files, or three with the neighbouring slices."""
        return 3 if self.neighbours else max(len(self._images), len(self.channels_named))

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The names that were given, or what tells the paths of several channels apart."""
        if self.channels_named and not self.neighbours:
            return self.channels_named
        return super().channel_names if len(self._images) == 1 else told_apart(self._images)

    @property
    def salt(self) -> str:
        """The same for all folders."""
        return "volumes"

    @cached_property
    def slicing(self) -> Slicing:
        """What the arguments say of slices."""
        return Slicing(self._cut, self._marking, self.every, self.slices, self.window)

    @cached_property
    def _cut(self) -> Cut:
        return Cut(self.axis, self.spacing, self.neighbours)

    @cached_property
    def _marking(self) -> Marking:
        return Marking(self.classes, self.foreground, self.values, self.ignored)

    @cached_property
    def _images(self) -> tuple[Pattern, ...]:
        return tuple(map(Pattern, (self.images,) if isinstance(self.images, str) else self.images))

    @property
    def new_files(self) -> tuple[tuple[Pattern, ...], int]:
        """New cases lie as ``images`` says."""
        return self._images, self._together

    @property
    def _together(self) -> int:
        """How many channels a file holds."""
        return max(1, len(self.channels_named)) if len(self._images) == 1 else 1

    @cached_property
    def _masks(self) -> Pattern:
        return Pattern(self.masks)

    @property
    def _labelling(self) -> Labelling:
        label = self.label or (self.classes[0] if self.kind == "binary" else "label")
        words = CellWords(self.positive, self.negative)
        return Labelling(
            self.kind, self.classes, self.labels, words, self.case, label, self.patient, self.split, None, "agree"
        )

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The splits that the column gives; else a fixed patient-wise division, the same whatever slices are taken."""
        if self.split is None:
            return super().own_split(root, samples)
        cases, _ = self.cases(root)
        by_case: dict[str, Split] = {case.name: split_of(case.split, "column", case.where) for case in cases}
        given = {sample.id: by_case[self.volume_of(sample)] for sample in samples}
        return divided(samples, given, self.task, draw_empty=False)

    def write_phantom(self, root: Path) -> None:
        """40 drawn volumes of 20 patients, 24 x 20 x 6 voxels, in the layout that the arguments describe.

        Further channels show kidneys and tumours in other contrasts.
        """
        from datamodules.slicing.drawing import Layout, draw

        draw(root, Layout(self._labelling, self._images, self._masks, self._marking, self.table, self._together))

    def cases(self, root: Path) -> tuple[list[Case], dict[str, str]]:
        """The cases that fit ``images``, or those of them that the table names."""
        listing = Listing(self._images, self._masks, self._labelling, self.table, Form(self.encoding, self.sheet),
                          self.patient_in_name)  # fmt: skip
        try:
            return listing.read(root, leave_out=self.missing == "leave out")
        except NothingFoundError as error:
            raise self.not_found(root, str(error)) from None

    def image_of(self, root: Path, case: str) -> Image:
        """What ``images`` says for the case."""
        return Image(tuple(_in(root, _path_of(one, case)) for one in self._images), self._together)

    def mask_of(self, root: Path, case: str) -> Path:
        """What ``masks`` says for the case."""
        return _in(root, _path_of(self._masks, case))


@lru_cache(maxsize=4096)  # each slice asks for the same few paths
def _path_of(pattern: Pattern, case: str) -> str:
    return pattern.path_of(case)


@lru_cache(maxsize=4096)
def _in(root: Path, source: str) -> Path:
    return root / source
