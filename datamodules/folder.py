"""Folder: images of your own with labels in tables or folders, or with masks, classification or segmentation."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from datamodules.dataset.absent import WHY
from datamodules.dataset.annotations import Groups
from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.class_masks import Mark, Marks
from datamodules.files.masks import Foreground
from datamodules.files.names import Names
from datamodules.files.pairing import Affix
from datamodules.files.tables import Form
from datamodules.folders.channels import Channels, check_channels
from datamodules.folders.grouping import groups_in
from datamodules.folders.labelling import Labelling, Mode, Rule
from datamodules.folders.listing import Listing, Splitting
from datamodules.folders.masking import Masking, Overlap, places_of
from datamodules.folders.rules import (
    check_class_masks,
    check_encoding,
    check_labels,
    check_masks,
    check_people,
    check_readers,
)
from datamodules.folders.splitting import SALT, divided
from datamodules.folders.words import Words as CellWords
from datamodules.unseen.channel_files import ChannelFiles
from datamodules.unseen.contract import OwnFiles, Unseen
from datamodules.unseen.image_files import ImageFiles
from specs.run import digest
from specs.task import Kind, Task
from specs.titles import KINDS_IN_WORDS, Words, unsaid

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Folder(Dataset, OwnFiles):
    """Images of any site. Nothing of them leaves the machine: tables and wandb get counts and scores alone.

    Classification: a table in the folder names one image a row, relative to the folder. Multilabel: one column
    of 0, 1 or blank (not labelled) per class; binary: one column of 0 or 1, named by the class or by ``label``;
    multiclass: one column, ``label``, of class names. ``labels`` says where labels are otherwise. Segmentation: every
    image has a mask of the same name (the ending may differ) in the folder ``masks``, whose background is 0; a table is
    needed only for patients and splits. ``medtransfer describe DIR`` finds the arguments.

    Images are PNG, JPEG, TIFF, GIF or DICOM. A table may be separated by commas, semicolons, tabs or bars, or be a
    workbook of Excel or LibreOffice. Names in it may be in another case or Unicode form than the files', without their
    endings or folders, and with backslashes, where only one file can be meant; of several the one in ``images`` is.

    Attributes:
        path: the folder, absolute or under the data root.
        kind: the kind of the task: what is asked of each image.
        classes: the names of the classes; binary and segmentation have one.
        channels: the number of channels: 1 (grayscale) or 3 (RGB), whatever the files hold; 4: the channels of files
            that hold four, none of which is taken for transparency; with ``channel_suffixes`` as many as these, which
            need not be said.
        table: file name of the table, or of several, which are read one after another; columns that the first one
            lacks are looked up in those that have them, by the image.
        image: the column of the table that has the paths of images.
        label: the column of classes (binary: the name of the class if not given; multiclass: ``label``).
        patient: the column of patients; without one, each image counts as its own.
        split: the column of splits (train, validation or val, test); without one, a fixed patient-wise division by
            class has 80, 10 and 10 %.
        images: segmentation without a table: the folder of images.
        masks: segmentation: the folder of masks; with a prefix or suffix it may be that of the images. Of both, ``*/``
            stands for any folder, as in ``*/images`` and ``*/masks`` of ``train`` and ``test``. Several folders, one
            for each class in order, hold files that mark that class alone.
        mask_suffix: segmentation: what masks' names have behind those of their images, such as ``_segmentation``; or
            several suffixes, one for each class in order, of files that mark that class alone.
        foreground: segmentation: which values of masks are foreground: ``one value`` (one beside 0, the same in all),
            ``above 0``, ``above half`` of what its 8 or 16 bits hold (masks that were saved as JPEG), or values such as
            ``(1, 2)``.
        labels: where labels are: ``cells``, as above; ``one-hot``: multiclass, a column of 0 and 1 per class;
            ``lists``: multilabel, a cell names all classes, separated by bars, semicolons or commas; ``rows``: an image
            has a row for each finding or box; ``folders``: images are in a folder per class.
        positive: words of cells that say that a class is there, beside 1.
        negative: words of cells that say that it is not, beside 0, or that no class is there; with ``folders``, binary:
            the folders of images without the class.
        unlabelled: words of cells that say that an image is not labelled.
        reader: the column of those who labelled, with ``rows``.
        readers: what holds, with ``rows``, where rows or readers say different things: ``agree``: that is refused;
            ``any``: what at least one saw; ``majority``: what more than half of them saw.
        patient_in_name: a regular expression that finds the patient in an image's path, in brackets if not as a whole.
        split_by: what says the splits: ``column`` (the argument ``split``), the names of ``tables``, or the names of
            ``folders`` that hold the images or the class folders; ``not used``: class folders are in folders of splits,
            and another division is drawn.
        empty_split: what becomes of a validation or test split without images, where splits are given: ``refuse``, or
            ``from train``: a tenth of the training patients.
        mask_prefix: segmentation: what masks' names have before those of their images.
        image_prefix: segmentation: what images' names have before what they have in common with masks'.
        image_suffix: segmentation: what images' names have behind what they have in common with masks'.
        beside: folders, or what names end in, of files that are neither images nor masks, such as a second observer's.
        second: segmentation: what the names of masks of a second observer end in; how far the two agree stands beside
            the scores.
        values: segmentation of several classes in one file: what marks each class in order, such as ``(1, 4)``, or
            colors, ``("#ff0000", "#00ff00")``; in brackets several marks of one class; empty: 1, 2 and so on. 0, or
            black, is background.
        ignored: segmentation of several classes in one file: marks of pixels of which nobody said what they show.
        overlap: segmentation of several classes in files of their own: where they mark the same pixel, ``refuse`` that,
            or the ``later`` class holds, as of a tumour on its organ.
        encoding: the encoding of tables, such as ``cp1252``; without it UTF-8, or what the file's first bytes declare.
        sheet: the sheet that is read of a workbook with several.
        groups: columns of groups of patients, such as ``("sex", "age")``: scores are told by group, ages in bins.
        channel_suffixes: what the name of each channel's file ends in, before the ending, in the order of the channels,
            such as ``("_t1", "_t2")``; each file is read as gray. Tables name an image without it, or its first file.
    """

    path: str = "folder"
    kind: Literal["multilabel", "binary", "multiclass", "segmentation"] = "binary"
    classes: tuple[str, ...] = ("positive",)
    channels: int = 1
    table: str | tuple[str, ...] | None = None
    image: str = "image"
    label: str | None = None
    patient: str | None = None
    split: str | None = None
    images: str = "images"
    masks: str | tuple[str, ...] = "masks"
    mask_suffix: str | tuple[str, ...] = ""
    foreground: Foreground = "one value"
    labels: Mode = field(default="cells", kw_only=True)
    positive: tuple[str, ...] = field(default=(), kw_only=True)
    negative: tuple[str, ...] = field(default=(), kw_only=True)
    unlabelled: tuple[str, ...] = field(default=(), kw_only=True)
    reader: str | None = field(default=None, kw_only=True)
    readers: Rule = field(default="agree", kw_only=True)
    patient_in_name: str | None = field(default=None, kw_only=True)
    split_by: Splitting = field(default="column", kw_only=True)
    empty_split: Literal["refuse", "from train"] = field(default="refuse", kw_only=True)
    mask_prefix: str = field(default="", kw_only=True)
    image_prefix: str = field(default="", kw_only=True)
    image_suffix: str = field(default="", kw_only=True)
    beside: tuple[str, ...] = field(default=(), kw_only=True)
    second: str = field(default="", kw_only=True)
    values: tuple[Marks, ...] = field(default=(), kw_only=True)
    ignored: tuple[Mark, ...] = field(default=(), kw_only=True)
    overlap: Overlap = field(default="refuse", kw_only=True)
    encoding: str | None = field(default=None, kw_only=True)
    sheet: str | None = field(default=None, kw_only=True)
    groups: tuple[str, ...] = field(default=(), kw_only=True)
    channel_suffixes: tuple[str, ...] = field(default=(), kw_only=True)

    phantom_version: ClassVar[int] = 2  # 2: borders that are not sharp
    title: ClassVar[str] = "{path:file}"
    unnamed: ClassVar[str] = "your images"
    words: ClassVar[Words] = {
        **unsaid("table", "image", "label", "patient", "split", "images", "masks", "mask_suffix", "labels", "positive",
                 "negative", "unlabelled", "reader", "patient_in_name", "split_by", "empty_split", "mask_prefix",
                 "image_prefix", "image_suffix", "beside", "values", "ignored", "overlap", "encoding", "sheet",
                 "groups"),
        "kind": KINDS_IN_WORDS, "classes": "{classes}", "channels": {3: "in color", 4: "in four channels"},
        "channel_suffixes": "of several channels", "foreground": "marked {foreground}",
        "readers": {"any": "what any reader saw", "majority": "what most readers saw"},
        "second": "with a second observer",
    }  # fmt: skip
    homepage: ClassVar[str] = "your own folder"
    licence: ClassVar[str] = "yours"
    by_hand: ClassVar[str] = "Its files are your own."
    layout: ClassVar[str] = (
        "  FOLDER/                classification: folder(\"FOLDER\", classes=(\"pneumonia\",))\n"
        "    labels.csv           image,pneumonia[,patient][,split] in any order\n"
        "    any/where/1.png ...\n"
        "  FOLDER/                segmentation: folder(\"FOLDER\", kind=\"segmentation\", classes=(\"lesion\",))\n"
        "    images/1.png ...\n"
        "    masks/1.png ...\n"
        "`medtransfer describe FOLDER` says how another layout is read."
    )  # fmt: skip
    pixel_arguments: ClassVar[tuple[str, ...]] = (
        "channels", "kind", "masks", "mask_suffix", "foreground", "mask_prefix", "beside", "image_prefix",
        "image_suffix", "values", "ignored", "overlap", "channel_suffixes",
    )  # fmt: skip
    added: ClassVar[tuple[str, ...]] = (
        "labels", "positive", "negative", "unlabelled", "reader", "readers", "patient_in_name", "split_by",
        "empty_split", "mask_prefix", "image_prefix", "image_suffix", "beside", "encoding", "sheet",
        "values", "ignored", "overlap", "second", "groups", "channel_suffixes",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Check what can be checked without the files.

        Raises:
            UsageError: says what was expected.
        """
        super().__post_init__()
        check_channels(self.channels, self.channel_suffixes)
        object.__setattr__(self, "channels", len(self.channel_suffixes) or self.channels)
        check_masks(self.kind, self.classes, self.foreground)
        if self.kind == "segmentation":
            check_class_masks(self.classes, (self.masks, self.mask_suffix), self.values, self.ignored, self.second)
        columns = bool(self.table or self.split or self.patient or self.groups)
        check_labels(self.kind, self.classes, self.labels, self.negative, columns)
        check_people(self.patient, self.patient_in_name, self.split, self.split_by)
        check_readers(self.kind, self.labels, self.reader, self.readers)
        check_encoding(self.encoding)

    @property
    def folder(self) -> str | None:
        """The argument ``path``."""
        return self.path

    @property
    def taken_from(self) -> tuple[str, ...]:
        """A collection for each folder; the folder's path enters it as a digest only."""
        return (f"folder {digest(os.path.normpath(Path(self.path).expanduser()))[:8]}",)

    @property
    def membership(self) -> frozenset[str]:
        """All arguments but four: they say where things are, and digests of splits and pixels contain their effect."""
        own = frozenset(one.name for one in fields(self))
        return own - {"kind", "classes", "channels", "foreground", "values", "ignored", "overlap"}

    @property
    def task(self) -> Task:
        """The task of the given kind and classes."""
        kind: Kind = self.kind
        return Task(kind, self.classes)

    @property
    def _labelling(self) -> Labelling:
        label = self.label or (self.classes[0] if self.kind == "binary" else "label")
        words = CellWords(self.positive, self.negative, self.unlabelled)
        return Labelling(
            self.kind, self.classes, self.labels, words, self.image, label, self.patient, self.split, self.reader,
            self.readers,
        )  # fmt: skip

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The suffixes of the channels' files without the signs at their ends, where there are some."""
        return self._channels.names or super().channel_names

    @property
    def unseen(self) -> Unseen:
        """New images are read in the channels that were asked for."""
        return ChannelFiles(self._channels) if self.channel_suffixes else ImageFiles(self.channels)

    @property
    def _channels(self) -> Channels:
        return Channels(self.channel_suffixes)

    @property
    def _listing(self) -> Listing:
        return Listing(
            self._labelling, self._masking, self._channels, self._tables, self.table is not None,
            Form(self.encoding, self.sheet), self.split_by, self._given, self.patient_in_name, self.beside,
        )  # fmt: skip

    @property
    def _given(self) -> bool:
        """Whether the folder says itself which split an image is in."""
        return self.split is not None or self.split_by in ("tables", "folders")

    @property
    def _tables(self) -> tuple[str, ...]:
        return (self.table,) if isinstance(self.table, str) else self.table or ("labels.csv",)

    @property
    def _masking(self) -> Masking:
        places = places_of(self.masks, self.mask_prefix, self.mask_suffix)
        beside = (*self.beside, *((self.second,) if self.second else ()))
        return Masking(self.classes, self.images, Affix(self.image_prefix, self.image_suffix + self._channels.first),
                       places, beside, self.foreground, self.values, self.ignored, self.overlap)  # fmt: skip

    def read_labels(self, root: Path) -> Labels:
        """The rows of the tables, the images of class folders, or the pairs of image and mask."""
        self._masking.forget(root)
        samples = [sample for sample, _ in self._read(root)]
        if not samples:
            raise self.not_found(root, "found no images")
        sources = [sample.source for sample in samples]
        if self.missing == "refuse" and (lacking := self._channels.lacking(root, sources)):
            raise self.not_found(root, lacking)
        if self.kind == "segmentation":
            if self.missing == "refuse" and (lacking := self._masking.lacking(root, sources)):
                raise self.not_found(root, lacking)
            for source in sources:
                self._masking.check_own(root, source)
        self.grouped(root)  # a column that holds no groups is refused before anything is trained
        samples.sort(key=lambda sample: sample.id)
        gone = self.absent(root, samples)
        left = tuple(sample for sample in samples if sample.id not in gone)
        if not left:
            raise self.not_found(root, f"none of {len(gone):,} images is there, such as {samples[0].source},")
        return Labels(left, dict.fromkeys(gone, WHY))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The splits that column, tables or folders give; else a fixed patient-wise division."""
        if not self._given:
            return divide(samples, self.task, SALT)
        given = {sample.id: split for sample, split in self._read(root)}
        return divided(samples, given, self.task, self.empty_split == "from train")

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The image's file, or that of each channel, and its masks if there are some."""
        masks = self._masking.masks(root, sample.source) if self.kind == "segmentation" else ()
        return *(root / file for file in self._channels.files(sample.source)), *masks

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The image in the channels that were asked for."""
        return self._channels.read(root, sample.source, self.channels)

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """What ``foreground`` or ``values`` says."""
        return self._masking.read(root, sample.source)

    def grouped(self, root: Path) -> Groups:
        """What the columns ``groups`` say, ages in bins."""
        tables, form = [root / name for name in self._tables], Form(self.encoding, self.sheet)
        files = Names(root, self.images)
        return groups_in(tables, self.image, self.groups, form, self._channels, files) if self.groups else {}

    def second_mask(self, root: Path, sample: Sample) -> Pixels | None:
        """The mask that is called as that of the first observer, with ``second`` in place of its suffix."""
        return self._masking.read_second(root, sample.source, self.second) if self.second else None

    def mask_value(self, root: Path, sample: Sample) -> float | None:
        """Where ``foreground`` is one value, that of the mask."""
        return self._masking.one_value(root, sample.source)

    def write_phantom(self, root: Path) -> None:
        """120 drawn images of 60 patients, 48 x 48, in the layout that the arguments describe."""
        from datamodules.folders.drawing import Layout, draw

        apart = self.split_by in ("folders", "not used")
        draw(
            root,
            Layout(self._labelling, self.channels, self._channels, self._tables, self.images, self._masking, apart,
                   self.groups),
        )  # fmt: skip

    def _read(self, root: Path) -> list[tuple[Sample, Split]]:
        """The samples with their splits; the split is train where nothing says another one."""
        if lacking := [table for table in self._listing.needed(root) if not table.exists()]:
            raise self.not_found(root, f"found no {lacking[0].name}")
        return self._listing.samples(root)
