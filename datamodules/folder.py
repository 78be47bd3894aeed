"""Folder: images of your own with a table of labels or with masks, classification or segmentation."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from datamodules.dataset.contract import SPLITS, Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, divide
from datamodules.files.dicom import is_dicom, read_dicom
from datamodules.files.images import read_gray, read_rgb
from datamodules.files.masks import Foreground, read_mask
from datamodules.labels.label_files import header, inside, number, once, rows
from specs.errors import DataError, UsageError
from specs.run import digest
from specs.task import Kind, Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

SPLIT_NAMES: dict[str, Split] = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Folder(Dataset):
    """Images of any site. Nothing of them leaves the machine: tables and wandb get counts and scores alone.

    Classification: a table (CSV) in the folder names one image a row, relative to the folder. Multilabel: one column
    of 0, 1 or blank (not labelled) per class; binary: one column of 0 or 1, named by the class or by ``label``;
    multiclass: one column, ``label``, of class names. Segmentation: every image has a mask of the same name (the
    ending may differ) in the folder ``masks``, whose background is 0; a table is needed only for patients and splits.

    Images are PNG, JPEG, TIFF, GIF or DICOM.

    Attributes:
        path: the folder, absolute or under the data root.
        kind: what is asked.
        classes: their names.
        channels: 1 (grayscale) or 3 (RGB), whatever the files hold.
        table: file name of the table.
        image: its column of image paths.
        label: its column of classes (binary: the class's name if not given; multiclass: ``label``).
        patient: its column of patients; without one, each image counts as its own.
        split: its column of splits (train, validation or val, test); without one, a fixed patient-wise division by
            class has 80, 10 and 10 %.
        images: segmentation without a table: the folder of images.
        masks: segmentation: the folder of masks.
        foreground: segmentation: which values of a mask are foreground: ``one value`` (there is only one beside 0),
            ``above 0``, ``above half`` of what its 8 or 16 bits hold (masks that were saved as JPEG), or values such as
            ``(1, 2)``.
    """

    path: str = "folder"
    kind: Literal["multilabel", "binary", "multiclass", "segmentation"] = "binary"
    classes: tuple[str, ...] = ("positive",)
    channels: Literal[1, 3] = 1
    table: str | None = None
    image: str = "image"
    label: str | None = None
    patient: str | None = None
    split: str | None = None
    images: str = "images"
    masks: str = "masks"
    foreground: Foreground = "one value"

    phantom_version: ClassVar[int] = 2  # 2: borders that are not sharp
    title: ClassVar[str] = "{path:file}"
    words: ClassVar[Words] = {"kind": "{kind}", "classes": "{classes}", "channels": {3: "in color"}}
    homepage: ClassVar[str] = "your own folder"
    licence: ClassVar[str] = "yours"
    by_hand: ClassVar[str] = "Its files are your own."
    layout: ClassVar[str] = (
        "  FOLDER/                classification: folder(\"FOLDER\", classes=(\"pneumonia\",))\n"
        "    labels.csv           image,pneumonia[,patient][,split] in any order\n"
        "    any/where/1.png ...\n"
        "  FOLDER/                segmentation: folder(\"FOLDER\", kind=\"segmentation\", classes=(\"lesion\",))\n"
        "    images/1.png ...\n"
        "    masks/1.png ..."
    )  # fmt: skip
    pixel_arguments: ClassVar[tuple[str, ...]] = ("channels", "kind", "masks", "foreground")

    @property
    def place(self) -> str | None:
        """The folder that is given."""
        return self.path

    @property
    def taken_from(self) -> tuple[str, ...]:
        """One collection per folder, which is not named."""
        return (f"folder {digest(self.path)[:8]}",)

    @property
    def membership(self) -> frozenset[str]:
        """Where things are and what columns are called; the digests of the splits see their effect."""
        names = {"path", "table", "image", "label", "patient", "split", "images", "masks"}
        return super().membership | names

    @property
    def task(self) -> Task:
        """As given."""
        kind: Kind = self.kind
        return Task(kind, self.classes)

    def read_labels(self, root: Path) -> Labels:
        """The rows of the table, or the pairs of image and mask."""
        table = root / (self.table or "labels.csv")
        _MASKS.pop(root / self.masks, None)
        if self.kind == "segmentation" and self.table is None and not table.is_file():
            samples = [
                Sample(name, name, (), name)
                for path in sorted((root / self.images).rglob("*"))
                if path.is_file() and not path.name.startswith((".", "Thumbs.db"))
                for name in [path.relative_to(root).as_posix()]
            ]
        else:
            if not table.is_file():
                raise self.not_found(root, f"found no {table.name}")
            samples = [sample for sample, _ in self._rows(table)]
        if not samples:
            raise self.not_found(root, "found no images")
        if self.kind == "segmentation":
            self._check_masks(root, samples)
        return Labels(tuple(sorted(samples, key=lambda sample: sample.id)))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The table's column, or a fixed patient-wise division."""
        if self.split is None:
            return divide(samples, self.task, "folder")
        splits = {sample.id: split for sample, split in self._rows(root / (self.table or "labels.csv"))}
        return {name: [sample for sample in samples if splits[sample.id] == name] for name in SPLITS}

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The image, and its mask if there is one."""
        path = root / sample.source
        return (path,) if self.kind != "segmentation" else (path, self._masks(root)[_stem(sample.source, self.images)])

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The image in the channels that were asked for."""
        path = root / sample.source
        if is_dicom(path):
            return read_dicom(path, channels=self.channels)
        return read_gray(path) if self.channels == 1 else read_rgb(path)

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """What ``foreground`` says."""
        return read_mask(self.files(root, sample)[1], self.foreground)

    def write_phantom(self, root: Path) -> None:
        """120 drawn images of 60 patients, 48 x 48, by the arguments."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import lungs, texture

        columns = [
            self.image,
            *(self.classes if self.kind == "multilabel" else (self._label,) * (self.kind != "segmentation")),
        ]
        columns += [name for name in (self.patient, self.split) if name]
        lines = [",".join(columns)]
        for place in range(120):
            generator = np.random.default_rng([5, place])
            patient = place // 2
            number_ = patient % max(2, len(self.classes))
            name = f"{self.images}/{place:03d}.png"
            if self.kind == "segmentation":
                drawn, left, right = lungs(generator, 48)
                mask_path = root / self.masks / f"{place:03d}.png"
                mask_path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray((left | right) * np.uint8(255)).save(mask_path)
                image = drawn if self.channels == 1 else np.repeat(drawn[..., None], 3, axis=2)
            else:
                image = texture(generator, 48, number_, self.channels)
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(root / name)
            cells = [name]
            if self.kind == "multilabel":
                cells += [str(int(number_ == one)) for one in range(len(self.classes))]
            elif self.kind != "segmentation":
                cells.append(str(number_) if self.kind == "binary" else self.classes[number_])
            cells += [f"p{patient}"] if self.patient else []
            cells += [("train", "train", "val", "test")[patient // 5 % 4]] if self.split else []
            lines.append(",".join(cells))
        if self.kind != "segmentation" or self.patient or self.split:
            (root / (self.table or "labels.csv")).write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def _label(self) -> str:
        return self.label or (self.classes[0] if self.kind == "binary" else "label")

    def _rows(self, table: Path) -> list[tuple[Sample, Split]]:
        """Samples and their splits; the split is train where there is no column."""
        labels = {"multilabel": self.classes, "segmentation": ()}.get(self.kind, (self._label,))
        wanted = [self.image, *labels, *(name for name in (self.patient, self.split) if name)]
        found_columns = header(table)
        missing = [name for name in wanted if name not in found_columns]
        if missing:
            raise UsageError(
                f'{table} has no column "{missing[0]}"; found {", ".join(found_columns) or "none"}. Name its '
                'columns: folder("FOLDER", image="COLUMN", label="COLUMN", patient="COLUMN", split="COLUMN").'
            )
        found, seen = [], set[str]()
        for line, (image, *cells) in rows(table, wanted):
            name = inside(image, table, line)
            once(seen, name, table, line)
            target = self._target(cells[: len(labels)], table, line)
            rest = iter(cells[len(labels) :])
            patient = next(rest) if self.patient else name
            split = next(rest) if self.split else "train"
            if split.lower() not in SPLIT_NAMES:
                raise DataError(f'{table}, line {line}: the split "{split}" is none of {", ".join(SPLIT_NAMES)}.')
            if not patient:
                raise DataError(f"{table}, line {line}: {image} has no patient. Fill the column, or do not name it.")
            found.append((Sample(name, patient, target, name), SPLIT_NAMES[split.lower()]))
        return found

    def _target(self, cells: list[str], table: Path, line: int) -> tuple[float, ...]:
        if self.kind == "multiclass":
            if cells[0] not in self.classes:
                raise DataError(
                    f'{table}, line {line}: {self._label} is "{cells[0]}", expected one of {", ".join(self.classes)}. '
                    "Mend the cell, or name every class."
                )
            return (float(self.classes.index(cells[0])),)
        names = self.classes if self.kind == "multilabel" else (self._label,)
        return tuple(
            math.nan if not cell and self.kind == "multilabel" else number(cell, (0.0, 1.0), table, line, name)
            for cell, name in zip(cells, names, strict=bool(cells))
        )

    def _masks(self, root: Path) -> dict[str, Path]:
        """The masks by their path under their folder, without the ending."""
        key = root / self.masks
        if key not in _MASKS:
            paths = [path for path in sorted(key.rglob("*")) if path.is_file() and not path.name.startswith(".")]
            stems = [path.relative_to(key).with_suffix("").as_posix() for path in paths]
            twice = [stem for stem, count in Counter(stems).items() if count > 1]
            if twice:
                raise DataError(f"{key} has two masks named {twice[0]}. Keep one of them.")
            _MASKS[key] = dict(zip(stems, paths, strict=True))
        return _MASKS[key]

    def _check_masks(self, root: Path, samples: list[Sample]) -> None:
        masks = self._masks(root)
        missing = [sample.source for sample in samples if _stem(sample.source, self.images) not in masks]
        if missing:
            raise self.not_found(root, f"{len(missing)} images have no mask in {self.masks}/, such as {missing[0]},")


_MASKS: dict[Path, dict[str, Path]] = {}


def _stem(source: str, images: str) -> str:
    """An image's path under the folder of images, without the ending."""
    path = Path(source)
    return (path.relative_to(images) if path.is_relative_to(images) else path).with_suffix("").as_posix()
