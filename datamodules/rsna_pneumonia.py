"""RSNA pneumonia: lung opacities in 26,684 chest x-rays (Shih et al. 2019), binary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.dicom import read_dicom, write_dicom
from datamodules.files.tables import rows
from datamodules.labels.label_files import inside, number
from specs.errors import DataError
from specs.quoting import plain
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class RsnaPneumonia(Dataset):
    """The labelled images of the RSNA pneumonia challenge; its label file has one row per box.

    The images are a part of ChestX-ray14, so weights pretrained on that set have seen them. The files name one image
    per patient. No split is published: 80, 10 and 10 %.
    """

    homepage: ClassVar[str] = "https://www.kaggle.com/c/rsna-pneumonia-detection-challenge"
    licence: ClassVar[str] = "non-commercial and academic research, by the competition's rules"
    by_hand: ClassVar[str] = "Kaggle gives it to accounts that have accepted the competition's rules."
    layout: ClassVar[str] = (
        "  rsna_pneumonia/\n    stage_2_train_labels.csv\n"
        "    stage_2_train_images/0004cfab-14fd-4e49-80ba-63a80b6bddd6.dcm ..."
    )

    @property
    def task(self) -> Task:
        """Lung opacity that suggests pneumonia, or not."""
        return Task("binary", ("pneumonia",))

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The National Institutes of Health's chest x-rays (Shih et al. 2019, doi 10.1148/ryai.2019180041)."""
        return ("chestxray14",)

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the challenge's label file."""
        return {"images": 26_684, "patients": 26_684, "pneumonia": 6_012}

    def read_labels(self, root: Path) -> Labels:
        """One sample per image; every box of an image has the same target."""
        path = root / "stage_2_train_labels.csv"
        if not path.is_file():
            raise self.not_found(root, "found no stage_2_train_labels.csv")
        targets: dict[str, float] = {}
        for line, (image, cell) in rows(path, ("patientId", "Target")):
            target = number(cell, (0.0, 1.0), path, line, "Target")
            if targets.setdefault(inside(image, path, line), target) != target:
                raise DataError(f"{path}, line {line}: {plain(image)} has targets 0 and 1. Mend the file.")
        return Labels(tuple(Sample(name, name, (target,), f"{name}.dcm") for name, target in sorted(targets.items())))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The x-ray."""
        return (root / "stage_2_train_images" / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, 1024 x 1024 in the real edition."""
        return read_dicom(self.files(root, sample)[0])

    def write_phantom(self, root: Path) -> None:
        """100 drawn chests, 64 x 64, half of them with an opacity, every other one in two boxes."""
        import numpy as np

        from datamodules.phantoms.phantom_images import chest

        lines = ["patientId,x,y,width,height,Target"]
        for place in range(100):
            name, ill = f"{place:08x}-0000-4000-8000-{place:012x}", place % 2
            image = chest(np.random.default_rng([26, place]), 64, {2: 1.0} if ill else {})
            write_dicom(root / "stage_2_train_images" / f"{name}.dcm", image)
            boxes = ["10,12,20,24"] * (1 + place % 4 // 2) if ill else [",,,"]
            lines += [f"{name},{box},{ill}" for box in boxes]
        (root / "stage_2_train_labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
