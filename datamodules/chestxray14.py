"""ChestX-ray14: 14 findings in 112,120 chest x-rays (Wang et al. 2017), multilabel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.finding_location import FindingLocation
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, below
from datamodules.files.images import read_gray
from datamodules.files.tables import rows
from datamodules.files.texts import words
from datamodules.labels.label_files import filled, inside, once
from specs.errors import DataError
from specs.quoting import plain
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

CLASSES = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip
"""The findings, in the order of the benchmark's code."""

BOXES, MASKS = "BBox_List_2017.csv", "lesion_masks"
BOX_COLUMNS = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")
BOXED = frozenset(range(8))
"""The classes that have boxes, by number: the first eight."""

VALIDATION_SHARE = 0.125
"""Share of the patients of the official train_val list that validate; the paper's own split rule is not published."""

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
"""The header of the label file as published in 2020; the commas in the brackets split it into eleven cells."""


@dataclass(frozen=True)
class ChestXray14(Dataset):
    """NIH ChestX-ray14 with its official test list; validation patients are drawn from the train_val list."""

    phantom_version: ClassVar[int] = 2  # 2: boxes and masks of the findings
    homepage: ClassVar[str] = "https://nihcc.app.box.com/v/ChestXray-NIHCC"
    licence: ClassVar[str] = "no restrictions, attribution asked for"
    by_hand: ClassVar[str] = "It needs no form, but stands in a shared folder that is downloaded in a browser."
    layout: ClassVar[str] = (
        "  chestxray14/\n"
        "    Data_Entry_2017_v2020.csv   (or Data_Entry_2017.csv)\n"
        "    train_val_list.txt\n"
        "    test_list.txt\n"
        "    images/00000001_000.png ...   (or images_001/images/ ... images_012/images/)\n"
        "    BBox_List_2017.csv   (only to compare where networks look with where findings are)"
    )

    @property
    def task(self) -> Task:
        """14 findings, each present or not."""
        return Task("multilabel", CLASSES)

    @property
    def channels(self) -> int:
        """Grayscale; the few images that are stored with color or transparency are converted."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts as published."""
        # Wang et al. 2017; the test counts per class by the official list, as in the benchmark's own files.
        return {
            "images": 112_120, "patients": 30_805, "test images": 25_596, "test patients": 2_797,
        } | {
            f"test {name}": count
            for name, count in zip(
                CLASSES,
                (3279, 1069, 4658, 6112, 1748, 1623, 555, 2665, 1815, 925, 1093, 435, 1143, 86),
                strict=True,
            )
        } | dict(zip(
            CLASSES,
            (11559, 2776, 13317, 19894, 5782, 6331, 1431, 5302, 4667, 2303, 2516, 1686, 3385, 227),
            strict=True,
        ))  # fmt: skip

    def read_labels(self, root: Path) -> Labels:
        """Every row of the label file."""
        files = sorted(root.glob("Data_Entry_2017*.csv"))
        if len(files) != 1:
            found = f"found {', '.join(file.name for file in files)}" if files else "found no Data_Entry_2017*.csv"
            raise self.not_found(root, f"{found}, expected exactly one,")
        path = files[0]
        numbers = {name: number for number, name in enumerate(CLASSES)}
        targets: dict[str, tuple[float, ...]] = {"No Finding": (0.0,) * len(CLASSES)}
        samples, seen = [], set[str]()
        for line, (image, label, patient) in rows(path, ("Image Index", "Finding Labels", "Patient ID")):
            if label not in targets:
                names = label.split("|")
                unknown = [name for name in names if name not in numbers]
                if unknown:
                    raise DataError(
                        f'{path}, line {line}: unknown finding "{plain(unknown[0])}"; expected '
                        f"{', '.join(CLASSES)} or No Finding."
                    )
                targets[label] = tuple(float(name in names) for name in CLASSES)
            image = inside(image, path, line)
            once(seen, image, path, line)
            samples.append(Sample(image, filled(patient, path, line, "Patient ID"), targets[label], image))
        return Labels(tuple(sorted(samples, key=lambda sample: sample.id)))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The splits of the official lists; one in eight of the patients of train_val_list.txt validates."""
        official: dict[str, str] = {}
        known = {sample.id for sample in samples}
        for name in ("train_val_list.txt", "test_list.txt"):
            path = root / name
            if not path.is_file():
                raise self.not_found(root, f"found no {name}")
            for line, image in ((line, image) for line, text in words(path) for image in text.split()):
                if image not in known:
                    raise DataError(
                        f"{path}, line {line}: it lists {plain(image)}, which the label file does not have. Mend one "
                        "of them."
                    )
                if image in official:
                    raise DataError(
                        f"{path}, line {line}: it lists {plain(image)}, which was listed before. List each image once."
                    )
                official[image] = name
        splits: dict[Split, list[Sample]] = {"train": [], "validation": [], "test": []}
        for sample in samples:
            if official.get(sample.id) == "test_list.txt":
                splits["test"].append(sample)
            elif sample.id in official:
                held_out = below(VALIDATION_SHARE, f"chestxray14-validation:{sample.patient}")
                splits["validation" if held_out else "train"].append(sample)
        return splits

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The x-ray, in ``images`` or in the published parts."""
        path = root / "images" / sample.source
        if not path.exists():
            for folder in _parts(root):
                if (folder / sample.source).exists():
                    return (folder / sample.source,)
        return (path,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, 1024 x 1024 in the real edition."""
        return read_gray(self.files(root, sample)[0])

    def located(self, root: Path) -> Mapping[str, tuple[FindingLocation, ...]]:
        """The boxes of ``BBox_List_2017.csv`` (984 in 880 images), and the masks that only the phantom edition has."""
        path = root / BOXES
        if not path.is_file():
            raise self.not_found(root, f"found no {BOXES}")
        found: dict[str, list[FindingLocation]] = {}
        for line, (image, label, *numbers) in rows(path, BOX_COLUMNS):
            finding = "Infiltration" if label == "Infiltrate" else label
            try:
                left, top, width, height = map(float, numbers)
            except ValueError:
                left = top = width = height = math.nan
            if finding not in CLASSES or not (min(left, top) >= 0 and min(width, height) > 0 and width < math.inf):
                raise DataError(
                    f"{path}, line {line}: expected a finding and its box as x, y, w and h in pixels, found "
                    f'"{plain(label)}" '
                    f"and {plain(', '.join(numbers))}. Fetch or mend the file."
                )
            mask = root / MASKS / f"{Path(inside(image, path, line)).stem}.{finding}.png"
            box = (left, top, width, height)
            found.setdefault(image, []).append(FindingLocation(finding, box, mask if mask.is_file() else None))
        return {image: tuple(places) for image, places in found.items()}

    def write_phantom(self, root: Path) -> None:
        """480 drawn chests of 160 patients, 64 x 64, with a shape or texture per finding, boxes and masks of some."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import chest_with_lesions

        for folder in ("images", MASKS):
            (root / folder).mkdir(parents=True)
        rows, boxes = [HEADER], ["Image Index,Finding Label,Bbox [x,y,w,h],,,"]
        lists: dict[str, list[str]] = {"train_val_list.txt": [], "test_list.txt": []}
        for patient in range(1, 161):
            for follow_up in range(3):
                generator = np.random.default_rng([14, patient, follow_up])
                # Every class comes in turn, so that each split has examples of each.
                findings = {(3 * patient + follow_up) % len(CLASSES)} if generator.random() < 0.8 else set()
                findings |= set(np.flatnonzero(generator.random(len(CLASSES)) < 0.08).tolist())
                name = f"{patient:08d}_{follow_up:03d}.png"
                image, lesions = chest_with_lesions(generator, 64, dict.fromkeys(sorted(findings), 1.0))
                Image.fromarray(image).save(root / "images" / name)
                for number in sorted(findings & BOXED) if patient % 3 == 0 else ():  # test images, as published
                    finding = "Infiltrate" if CLASSES[number] == "Infiltration" else CLASSES[number]
                    Image.fromarray(lesions[number]).save(root / MASKS / f"{Path(name).stem}.{CLASSES[number]}.png")
                    (top, bottom), (left, right) = (
                        (int(places.min()), int(places.max()) + 1) for places in np.nonzero(lesions[number])
                    )
                    boxes.append(f"{name},{finding},{left},{top},{right - left},{bottom - top}")
                label = "|".join(CLASSES[number] for number in sorted(findings)) or "No Finding"
                rows.append(f"{name},{label},{follow_up},{patient},50,F,PA,64,64,0.143,0.143")
                lists["test_list.txt" if patient % 3 == 0 else "train_val_list.txt"].append(name)
        (root / BOXES).write_text("\n".join(boxes) + "\n", encoding="utf-8")
        (root / "Data_Entry_2017_v2020.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        for name, images in lists.items():
            (root / name).write_text("\n".join(images) + "\n", encoding="utf-8")


@cache
def _parts(root: Path) -> tuple[Path, ...]:
    """The folders of the published parts."""
    return tuple(sorted(root.glob("images_0*/images")))
