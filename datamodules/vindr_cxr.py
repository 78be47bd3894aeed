"""VinDr-CXR: 14 findings in 15,000 chest x-rays, boxed by three readers each (Nguyen et al. 2022), multilabel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.dicom import read_dicom, write_dicom
from datamodules.files.tables import rows
from datamodules.labels.label_files import filled, inside
from specs.errors import DataError, UsageError
from specs.task import Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

CLASSES = (
    "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Consolidation", "ILD", "Infiltration",
    "Lung Opacity", "Nodule/Mass", "Other lesion", "Pleural effusion", "Pleural thickening", "Pneumothorax",
    "Pulmonary fibrosis",
)  # fmt: skip
"""The findings by ``class_id`` of the label file, 0 to 13; 14 is "No finding"."""

NOTHING = "No finding"

COUNTS = {
    "any": (3_067, 186, 452, 2_300, 353, 386, 613, 1_322, 826, 1_134, 1_032, 1_981, 96, 1_617),
    "majority": (2_346, 62, 177, 1_817, 121, 152, 245, 547, 405, 362, 634, 882, 58, 1_017),
}
"""Images by class in the published train.csv of 67,914 rows, by the rule that makes labels of readers."""


@dataclass(frozen=True)
class VindrCxr(Dataset):
    """The training images of VinDr-CXR as published on Kaggle. Three radiologists read each image.

    They often disagree: in 3,176 images one reader alone saw some kind of finding. ``readers`` says whose word counts.
    The file names no patients, so each image counts as its own. A fixed division has 80, 10 and 10 %.

    Attributes:
        readers: the readers whose word counts: ``any`` labels what at least one reader saw, ``majority`` what at least
            two of them saw.
    """

    readers: Literal["any", "majority"] = "any"

    title: ClassVar[str] = "VinDr-CXR"
    words: ClassVar[Words] = {"readers": {"majority": "by two readers of three"}}
    homepage: ClassVar[str] = "https://www.kaggle.com/c/vinbigdata-chest-xray-abnormalities-detection"
    licence: ClassVar[str] = "competition rules; on PhysioNet its credentialed licence"
    by_hand: ClassVar[str] = "Kaggle gives it to accounts that have accepted the competition's rules."
    layout: ClassVar[str] = "  vindr_cxr/\n    train.csv\n    train/0005e8e3701dfb1dd93d53e2ff537b6e.dicom ..."

    def __post_init__(self) -> None:
        """Check the rule.

        Raises:
            UsageError: if there is no such rule.
        """
        super().__post_init__()
        if self.readers not in COUNTS:
            raise UsageError(f'vindr_cxr: readers is "any" or "majority", found "{self.readers}".')

    @property
    def task(self) -> Task:
        """14 findings, each present or not."""
        return Task("multilabel", CLASSES)

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the published train.csv."""
        return {"images": 15_000} | dict(zip(CLASSES, COUNTS[self.readers], strict=True))

    def read_labels(self, root: Path) -> Labels:
        """One sample for each image, from the rows of the table, one for each box of each reader."""
        path = root / "train.csv"
        if not path.is_file():
            raise self.not_found(root, "found no train.csv")
        numbers = {name: number for number, name in enumerate(CLASSES)}
        found: dict[str, dict[str, set[int]]] = {}
        for line, (image, name, reader) in rows(path, ("image_id", "class_name", "rad_id")):
            if name not in numbers and name != NOTHING:
                raise DataError(
                    f'{path}, line {line}: class_name is "{name}", expected one of {", ".join(CLASSES)} or {NOTHING}. '
                    "Mend the file."
                )
            readers = found.setdefault(inside(image, path, line), {})
            seen = readers.setdefault(filled(reader, path, line, "rad_id"), set())
            if name != NOTHING:
                seen.add(numbers[name])
        return Labels(tuple(Sample(image, image, self._target(found[image]), image) for image in sorted(found)))

    def _target(self, readers: Mapping[str, set[int]]) -> tuple[float, ...]:
        """The target of an image: 1 for each class that enough of its readers saw, else 0."""
        needed = 1 if self.readers == "any" else len(readers) // 2 + 1
        return tuple(
            float(sum(number in seen for seen in readers.values()) >= needed) for number in range(len(CLASSES))
        )

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The x-ray; in some copies its name ends in `.dcm`."""
        path = root / "train" / f"{sample.source}.dicom"
        other = path.with_suffix(".dcm")
        return (other if other.is_file() and not path.is_file() else path,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, through the window that its file names."""
        return read_dicom(self.files(root, sample)[0])

    def write_phantom(self, root: Path) -> None:
        """280 drawn chests, 64 x 64, of three readers each, one of whom misses every other finding."""
        import numpy as np

        from datamodules.phantoms.phantom_images import chest

        lines = ["image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max"]
        for place in range(280):
            generator = np.random.default_rng([15, place])
            shown = {place % 15, (place * 7 + place // 15) % 15} - {14}
            name = f"{place:032x}"
            image = chest(generator, 64, dict.fromkeys(sorted(shown), 1.0))
            write_dicom(root / "train" / f"{name}.dicom", image)
            for reader in range(3):
                seen = [number for number in sorted(shown) if reader or (place + number) % 2]
                boxes = [f"{name},{CLASSES[number]},{number},R{reader + 8},4.0,5.0,20.0,30.0" for number in seen]
                lines += boxes or [f"{name},{NOTHING},14,R{reader + 8},,,,"]
        (root / "train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
