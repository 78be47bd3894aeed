"""APTOS 2019: diabetic retinopathy grades of 3,662 fundus photographs (Kaggle 2019), multiclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.images import read_rgb
from datamodules.labels.retinopathy import GRADING, drawn, graded
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Aptos2019(Dataset):
    """The labelled images of APTOS 2019.

    The competition published no labels of its test images and no patients: each image counts as its own, and a fixed
    division by grade has 80, 10 and 10 %.
    """

    phantom_version: ClassVar[int] = 2  # 2: fainter lesions
    homepage: ClassVar[str] = "https://www.kaggle.com/c/aptos2019-blindness-detection"
    licence: ClassVar[str] = "competition rules"
    by_hand: ClassVar[str] = "Kaggle gives it to accounts that have accepted the competition's rules."
    layout: ClassVar[str] = "  aptos2019/\n    train.csv\n    train_images/000c1434d8d7.png ..."

    @property
    def task(self) -> Task:
        """Five grades; the score is the AUC of referable retinopathy."""
        return GRADING

    @property
    def channels(self) -> int:
        """Color photographs."""
        return 3

    @property
    def published(self) -> Mapping[str, int]:
        """Count of the competition's train.csv."""
        return {"images": 3_662}

    def read_labels(self, root: Path) -> Labels:
        """The rows of train.csv."""
        path = root / "train.csv"
        if not path.is_file():
            raise self.not_found(root, "found no train.csv")
        found = graded(path, "id_code", "diagnosis")
        return Labels(tuple(Sample(name, name, (grade,), f"train_images/{name}.png") for _, name, grade in found))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph."""
        return (root / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph, of several sizes in the real edition."""
        return read_rgb(root / sample.source)

    def write_phantom(self, root: Path) -> None:
        """200 drawn photographs, 48 x 48."""
        import numpy as np
        from PIL import Image

        (root / "train_images").mkdir(parents=True)
        rows = ["id_code,diagnosis"]
        for number in range(200):
            name, grade = f"{number * 7919:012x}", number % 5
            Image.fromarray(drawn(np.random.default_rng([36, number]), 48, grade)).save(
                root / "train_images" / f"{name}.png"
            )
            rows.append(f"{name},{grade}")
        (root / "train.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
