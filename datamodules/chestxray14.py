"""ChestX-ray14: 14 findings in 112,120 chest x-rays (Wang et al. 2017), multilabel."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.contract import Dataset, Index, Sample
from datamodules.files import below, read_gray
from specs.errors import DataError
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.contract import Pixels

CLASSES = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip
"""In the order of the benchmark's code."""

VALIDATION_SHARE = 0.125
"""Share of the patients of the official train_val list that validate; the paper's own split rule is not published."""

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
"""As published in 2020; the commas inside the brackets split it into eleven cells."""


@dataclass(frozen=True)
class ChestXray14(Dataset):
    """NIH ChestX-ray14 with its official test list; validation patients are drawn from the train_val list."""

    homepage: ClassVar[str] = "https://nihcc.app.box.com/v/ChestXray-NIHCC"
    licence: ClassVar[str] = "no restrictions, attribution asked for"
    layout: ClassVar[str] = (
        "  chestxray14/\n"
        "    Data_Entry_2017_v2020.csv   (or Data_Entry_2017.csv)\n"
        "    train_val_list.txt\n"
        "    test_list.txt\n"
        "    images/00000001_000.png ...   (or images_001/images/ ... images_012/images/)"
    )

    @property
    def task(self) -> Task:
        """14 findings, each present or not."""
        return Task("multilabel", CLASSES)

    @property
    def channels(self) -> int:
        """Grayscale; the few images that are stored with color or transparency are converted."""
        return 1

    def index(self, root: Path) -> Index:
        """Labels from the CSV, splits from the official lists."""
        labels = self._labels(root)
        splits: dict[str, list[Sample]] = {"train": [], "validation": [], "test": []}
        for name in ("train_val_list.txt", "test_list.txt"):
            for image in self._list(root / name, root):
                if image not in labels:
                    raise DataError(
                        f"{root / name} lists {image}, which the label file does not have. Mend one of them."
                    )
                patient, target = labels[image]
                if name == "test_list.txt":
                    split = "test"
                else:
                    split = "validation" if below(VALIDATION_SHARE, f"chestxray14-validation:{patient}") else "train"
                splits[split].append(Sample(image, patient, target, image))
        train, validation, test = (tuple(sorted(splits[split])) for split in ("train", "validation", "test"))
        return Index(train, validation, test)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, 1024 x 1024 in the real edition."""
        path = root / "images" / sample.source
        if not path.exists():
            parts = sorted(root.glob(f"images_0*/images/{sample.source}"))
            path = parts[0] if parts else path
        return read_gray(path)

    def write_phantom(self, root: Path) -> None:
        """480 drawn chests of 160 patients, 64 x 64, with a shape or texture per finding."""
        import numpy as np
        from PIL import Image

        from datamodules.phantom_images import chest

        (root / "images").mkdir(parents=True)
        rows = [HEADER]
        lists: dict[str, list[str]] = {"train_val_list.txt": [], "test_list.txt": []}
        for patient in range(1, 161):
            for follow_up in range(3):
                generator = np.random.default_rng([14, patient, follow_up])
                # Every class comes in turn, so that each split has examples of each.
                findings = {(3 * patient + follow_up) % len(CLASSES)} if generator.random() < 0.8 else set()
                findings |= set(np.flatnonzero(generator.random(len(CLASSES)) < 0.08).tolist())
                name = f"{patient:08d}_{follow_up:03d}.png"
                image = chest(generator, 64, dict.fromkeys(sorted(findings), 1.0))
                Image.fromarray(image).save(root / "images" / name)
                label = "|".join(CLASSES[number] for number in sorted(findings)) or "No Finding"
                rows.append(f"{name},{label},{follow_up},{patient},50,F,PA,64,64,0.143,0.143")
                lists["test_list.txt" if patient % 3 == 0 else "train_val_list.txt"].append(name)
        (root / "Data_Entry_2017_v2020.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        for name, images in lists.items():
            (root / name).write_text("\n".join(images) + "\n", encoding="utf-8")

    def _labels(self, root: Path) -> dict[str, tuple[str, tuple[float, ...]]]:
        """Patient and target of every image of the label file."""
        files = sorted(root.glob("Data_Entry_2017*.csv"))
        if len(files) != 1:
            found = f"found {', '.join(file.name for file in files)}" if files else "found no Data_Entry_2017*.csv"
            raise self.not_found(root, f"{found}, expected exactly one,")
        with files[0].open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            places = []
            for column in ("Image Index", "Finding Labels", "Patient ID"):
                if column not in header:
                    raise DataError(f'{files[0]} has no column "{column}"; found {", ".join(header)}. Fetch it again.')
                places.append(header.index(column))
            image_at, label_at, patient_at = places
            numbers = {name: number for number, name in enumerate(CLASSES)}
            targets: dict[str, tuple[float, ...]] = {"No Finding": (0.0,) * len(CLASSES)}
            found_rows: dict[str, tuple[str, tuple[float, ...]]] = {}
            for row in rows:
                try:
                    image, label, patient = row[image_at], row[label_at], row[patient_at]
                except IndexError:
                    raise DataError(f"{files[0]}, line {rows.line_num}: {len(row)} cells. Fetch it again.") from None
                if label not in targets:
                    names = label.split("|")
                    unknown = [name for name in names if name not in numbers]
                    if unknown:
                        raise DataError(
                            f'{files[0]}, line {rows.line_num}: unknown finding "{unknown[0]}"; expected '
                            f"{', '.join(CLASSES)} or No Finding."
                        )
                    targets[label] = tuple(float(name in names) for name in CLASSES)
                if image in found_rows:
                    raise DataError(f"{files[0]}, line {rows.line_num}: {image} stands there twice. Fetch it again.")
                found_rows[image] = patient, targets[label]
        return found_rows

    def _list(self, path: Path, root: Path) -> list[str]:
        if not path.is_file():
            raise self.not_found(root, f"found no {path.name}")
        return path.read_text(encoding="utf-8").split()
