"""Volumes: CT and MR volumes of your own as slices, with masks or a table of cases, segmentation or classification."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.tables import Form
from datamodules.files.volume_files import files_of
from datamodules.folders.labelling import Labelling
from datamodules.folders.rules import check_encoding, check_labels, check_people
from datamodules.folders.splitting import divided, split_of
from datamodules.folders.words import Words as CellWords
from datamodules.slicing.cases import Case, Pattern
from datamodules.slicing.cutting import Cut
from datamodules.slicing.kept import findings, looked_at, marked, shown
from datamodules.slicing.listing import Listing, NothingFoundError
from datamodules.slicing.marking import Foreground, Marking, Values
from datamodules.slicing.planes import SAID, Axis, tilt
from datamodules.slicing.putting_back import put_back
from datamodules.slicing.rules import check_class_folders, check_marking, check_patterns, check_slices
from datamodules.slicing.sliced import Sliced
from specs.errors import DataError
from specs.quoting import names, plain
from specs.run import digest
from specs.task import Kind, Task
from specs.titles import KINDS_IN_WORDS, Words, unsaid

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

SALT = "volumes"
"""The name of the fixed division of patients; another name would give another division."""

DIGITS = 3
"""How many digits the number of a slice has in its id, at least."""


@dataclass(frozen=True)
class Volumes(Dataset, Sliced):
    """Volumes of any site, as slices. Nothing of them leaves the machine: tables and wandb get counts and scores alone.

    A volume is a NIfTI file (``.nii``, ``.nii.gz``), a MetaImage or NRRD file with its voxels inside (``.mha``,
    ``.nrrd``), or a folder of DICOM files of one series. Each case is one volume. Segmentation: each case has a mask on
    the grid of its image, whose background is 0. Classification: a table names one case a row, and every slice has the
    label of its case.

    Slices of a patient are in one split. The mean Dice over whole volumes and over patients stands beside the scores.

    Attributes:
        path: the folder, absolute or under the data root.
        kind: the kind of the task: what is asked of each slice.
        classes: the names of the classes; binary has one.
        axis: the axis across which slices are taken: ``axial``, ``coronal`` or ``sagittal`` by the file's orientation,
            shown as usual with the patient's right at the left; ``acquired``: the third axis of the file, as stored.
            Oblique volumes give slices of their own nearest axis.
        images: the path of the images in the folder, in which stars stand for the name of the case; a folder is read
            as a DICOM series.
        masks: segmentation: the path of the masks, with as many stars.
        every: the step from slice to slice: 1 takes all, 3 every third one.
        slices: segmentation: ``with finding`` trains and validates on slices whose mask shows a class, tests on all.
        spacing: the side of square pixels in mm that slices are resampled to; without one, pixels are as stored, and
            slices of volumes with thick slices look compressed from the side.
        window: center and width of what is shown, in the units of the file (of CT, Hounsfield units); without one, from
            the 0.5th to the 99.5th percentile of each volume.
        neighbours: 1 shows the slices before and after each slice as two more channels; the first and the last slice
            are repeated.
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
        labels: classification: where labels are: ``cells`` of the table, or ``folders``: the first star of ``images``
            is a folder for each class; binary, ``negative`` names the folders of cases without it.
    """

    path: str = "volumes"
    kind: Literal["binary", "multiclass", "segmentation"] = "segmentation"
    classes: tuple[str, ...] = ("positive",)
    _: KW_ONLY
    axis: Axis = "axial"
    images: str = "*/imaging.nii.gz"
    masks: str = "*/segmentation.nii.gz"
    every: int = 1
    slices: Literal["all", "with finding"] = "all"
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
    labels: Literal["cells", "folders"] = "cells"

    title: ClassVar[str] = "{path:file}"
    unnamed: ClassVar[str] = "your volumes"
    words: ClassVar[Words] = {
        **unsaid("images", "masks", "values", "ignored", "table", "case", "label", "patient", "split", "sheet",
                 "patient_in_name", "positive", "negative", "encoding", "labels"),
        "kind": KINDS_IN_WORDS, "classes": "segmentation of {classes}", "window": "window {window:g}",
        "axis": "{axis} slices", "every": "slices {every} apart", "foreground": "marked {foreground}",
        "slices": "trained on slices with a finding", "spacing": "pixels of {spacing:g} mm",
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
        "  FOLDER/                      volumes(\"FOLDER\", kind=\"binary\", classes=(\"ill\",), images=\"scans/*\")\n"
        "    labels.csv                 case,ill[,patient][,split] in any order\n"
        "    scans/a/1.dcm ...          a folder for each series"
    )  # fmt: skip
    pixel_arguments: ClassVar[tuple[str, ...]] = (
        "kind", "classes", "axis", "images", "masks", "every", "spacing", "window", "neighbours", "foreground",
        "values", "ignored",
    )  # fmt: skip
    added: ClassVar[tuple[str, ...]] = ("labels",)

    def __post_init__(self) -> None:
        """Check what can be checked without the files.

        Raises:
            UsageError: says what was expected.
        """
        super().__post_init__()
        check_slices(self._cut, self.every, self.window)
        check_patterns(self._images, self._masks, self.kind)
        check_marking(self._marking, self.kind, self.slices != "all")
        check_people(self.patient, self.patient_in_name, self.split, "column", "volumes")
        check_encoding(self.encoding, "volumes")
        named = bool(self.table or self.label or self.patient or self.split)
        check_labels(self.kind, self.classes, self.labels, self.negative, named, "volumes")
        check_class_folders(self._images, self.labels)

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
        return super().membership | own | {"negative", "encoding", "sheet", "labels"}

    @property
    def task(self) -> Task:
        """The task of the given kind and classes."""
        kind: Kind = self.kind
        return Task(kind, self.classes)

    @property
    def channels(self) -> int:
        """One, or three with the neighbouring slices."""
        return 3 if self.neighbours else 1

    @cached_property
    def _cut(self) -> Cut:
        return Cut(self.axis, self.spacing, self.neighbours)

    @cached_property
    def _marking(self) -> Marking:
        return Marking(self.classes, self.foreground, self.values, self.ignored)

    @cached_property
    def _images(self) -> Pattern:
        return Pattern(self.images)

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

    def read_labels(self, root: Path) -> Labels:
        """The slices of all cases, by their headers; with ``slices="with finding"`` the masks are read too."""
        cases, gone = self._read(root)
        samples = [sample for case in cases for sample in self._slices(root, case)]
        return Labels(tuple(sorted(samples, key=lambda sample: sample.id)), gone)

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The splits that the column gives; else a fixed patient-wise division, the same whatever slices are taken."""
        if self.split is None:
            unseen = [one._replace(target=()) if self.kind == "segmentation" else one for one in samples]
            drawn, own = divide(unseen, self.task, SALT), {one.id: one for one in samples}
            return {split: [own[one.id] for one in chosen] for split, chosen in drawn.items()}
        cases, _ = self._read(root)
        by_case: dict[str, Split] = {case.name: split_of(case.split, "column", case.where) for case in cases}
        given = {sample.id: by_case[self.volume_of(sample)] for sample in samples}
        return divided(samples, given, self.task, draw_empty=False)

    def used(self, splits: Mapping[Split, Sequence[Sample]]) -> dict[Split, tuple[Sample, ...]]:
        """The splits as they are used: ``slices`` says which slices train and validate; the test has all."""
        if self.slices == "all":
            return super().used(splits)
        found = {
            split: [one for one in samples if split == "test" or any(one.target)] for split, samples in splits.items()
        }
        return super().used(found)

    def volume_of(self, sample: Sample) -> str:
        """The case that a slice is of."""
        return sample.id.rpartition("/")[0]

    def listed_as(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Sample]]:
        """Cases, by their names or the paths of their images, and patients."""
        return self.by_volume(samples)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The files of the volume, and its mask."""
        image = _in(root, sample.source.rpartition("#")[0])
        if self.kind != "segmentation":
            return files_of(image)
        return *files_of(image), *files_of(self._mask(root, self.volume_of(sample)))

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """A slice of the volume, and its neighbours where they are asked for."""
        source, _, number = sample.source.rpartition("#")
        return self._cut.image(*shown(_in(root, source), self.window), int(number))

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """What ``foreground`` or ``values`` says, of a slice."""
        return self._marked(root, sample)[0]

    def mask_value(self, root: Path, sample: Sample) -> float | None:
        """Where ``foreground`` is one value, that of the volume's mask, if the slice shows it."""
        mask, value = self._marked(root, sample)
        return value if mask.any() else None

    def remarks(self, root: Path) -> list[str]:
        """How many volumes are oblique, and by how much."""
        if self.axis == "acquired":
            return []
        cases, _ = self._read(root)
        angles = {case.name: tilt(looked_at(root / case.source).affine) for case in cases}
        oblique = {name: angle for name, angle in angles.items() if angle > SAID}
        if not oblique:
            return []
        most = max(oblique, key=lambda name: oblique[name])
        return [
            f"{len(oblique):,} of {len(angles):,} volumes are oblique, {plain(most)} by {oblique[most]:.0f} degrees: "
            f"their {self.axis} slices are those of their own axis that is nearest"
        ]

    def put_back(self, root: Path, masks: Mapping[str, Pixels], path: Path) -> None:
        """Write the masks of all slices of a case as NIfTI, on the grid of the case's image.

        Args:
            root: the folder that holds the files.
            masks: the mask (H, W) of each slice of the case by the id of the sample: 0, or the number of a class.
            path: the path of the new file, which ends in ``.nii`` or ``.nii.gz``.

        Raises:
            DataError: if the masks are of no case, of several, or not of all of its slices.
            UsageError: if the path ends otherwise.
        """
        cases = {name.rpartition("/")[0] for name in masks}
        source = self._images.found(root).get(next(iter(cases))) if len(cases) == 1 else None
        if source is None:
            raise DataError(f"expected masks of the slices of one case, found those of: {names(sorted(cases))}.")
        by_number = {int(name.rpartition("-")[2]): mask for name, mask in masks.items()}
        put_back(by_number, root / source, self.axis, path)

    def write_phantom(self, root: Path) -> None:
        """40 drawn volumes of 20 patients, 24 x 20 x 6 voxels, in the layout that the arguments describe."""
        from datamodules.slicing.drawing import Layout, draw

        draw(root, Layout(self._labelling, self._images, self._masks, self._marking, self.table))

    def _read(self, root: Path) -> tuple[list[Case], dict[str, str]]:
        """The cases, and those that are left out since a file is not there, each with the reason."""
        listing = Listing(self._images, self._masks, self._labelling, self.table, Form(self.encoding, self.sheet),
                          self.patient_in_name)  # fmt: skip
        try:
            return listing.read(root, leave_out=self.missing == "leave out")
        except NothingFoundError as error:
            raise self.not_found(root, str(error)) from None

    def _marked(self, root: Path, sample: Sample) -> tuple[Pixels, float | None]:
        """The mask of a slice, and the value that marks foreground in its volume, where all have to have the same."""
        source, _, number = sample.source.rpartition("#")
        found, grid = marked(self._mask(root, self.volume_of(sample)), _in(root, source), self._marking)
        return self._cut.mask(found.numbers, grid, int(number)), found.value

    def _mask(self, root: Path, case: str) -> Path:
        return _in(root, self._masks.path_of(case))

    def _slices(self, root: Path, case: Case) -> list[Sample]:
        """The slices of a case as samples."""
        image = root / case.source
        count = self._cut.count(looked_at(image))
        targets: Sequence[tuple[float, ...]] = [case.target] * count
        if self.slices != "all":
            targets = findings(self._mask(root, case.name), image, self._marking, self.axis)
        digits = max(DIGITS, len(str(count - 1)))
        return [
            Sample(
                f"{case.name}/{self.axis}-{number:0{digits}d}", case.patient, targets[number], f"{case.source}#{number}"
            )
            for number in range(0, count, self.every)
        ]


@lru_cache(maxsize=4096)  # each slice asks for the same few paths
def _in(root: Path, source: str) -> Path:
    return root / source
