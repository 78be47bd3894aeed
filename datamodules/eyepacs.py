"""EyePACS: diabetic retinopathy grades of 88,702 fundus photographs (Kaggle 2015), multiclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, below
from datamodules.files.images import read_rgb
from datamodules.labels.retinopathy import GRADING, drawn, graded
from specs.errors import DataError
from specs.quoting import plain
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

VALIDATION_SHARE = 0.1
"""Share of the training patients that validate, this project's choice."""

TABLES = {"train": "trainLabels.csv", "test": "retinopathy_solution.csv"}


@dataclass(frozen=True)
class EyePacs(Dataset):
    """Kaggle's EyePACS set, both eyes of a patient in one split; the public stand-in for Transfusion's RETINA."""

    phantom_version: ClassVar[int] = 2  # 2: fainter lesions
    homepage: ClassVar[str] = "https://www.kaggle.com/c/diabetic-retinopathy-detection"
    licence: ClassVar[str] = "competition rules"
    by_hand: ClassVar[str] = "Kaggle gives it to accounts that have accepted the competition's rules."
    layout: ClassVar[str] = (
        "  eyepacs/\n"
        "    trainLabels.csv\n"
        "    retinopathy_solution.csv\n"
        "    train/10_left.jpeg ...\n"
        "    test/1_left.jpeg ..."
    )

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
        """Counts of the competition's two tables."""
        return {"images": 35_126 + 53_576, "test images": 53_576}

    def read_labels(self, root: Path) -> Labels:
        """The rows of both tables."""
        samples = []
        for part, table in TABLES.items():
            if not (root / table).is_file():
                raise self.not_found(root, f"found no {table}")
            for line, name, grade in graded(root / table, "image", "level"):
                patient, _, eye = name.partition("_")
                if not patient or eye not in ("left", "right"):
                    raise DataError(
                        f"{root / table}, line {line}: the image is {plain(name)}, expected a patient and a side, such "
                        "as 10_left or 10_right. Mend the cell."
                    )
                samples.append(Sample(f"{part}/{name}", patient, (grade,), f"{part}/{name}.jpeg"))
        return Labels(tuple(samples))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The competition's test set as the test split; held-out training patients validate."""
        splits: dict[Split, list[Sample]] = {"train": [], "validation": [], "test": []}
        for sample in samples:
            if sample.source.startswith("test/"):
                splits["test"].append(sample)
            else:
                held_out = below(VALIDATION_SHARE, f"eyepacs-validation:{sample.patient}")
                splits["validation" if held_out else "train"].append(sample)
        return splits

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph."""
        return (root / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph, of many sizes up to 5184 x 3456 in the real edition."""
        return read_rgb(root / sample.source)

    def write_phantom(self, root: Path) -> None:
        """240 drawn photographs of 120 patients, 48 x 48."""
        import numpy as np
        from PIL import Image

        rows = {part: ["image,level" + (",Usage" if part == "test" else "")] for part in TABLES}
        for patient in range(1, 121):
            part = "test" if patient > 80 else "train"
            for eye, side in enumerate(("left", "right")):
                grade = (patient + eye * (patient % 3 == 0)) % 5
                path = root / part / f"{patient}_{side}.jpeg"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(drawn(np.random.default_rng([35, patient, eye]), 48, grade)).save(path, quality=95)
                rows[part].append(f"{patient}_{side},{grade}" + (",Public" if part == "test" else ""))
        for part, table in TABLES.items():
            (root / table).write_text("\n".join(rows[part]) + "\n", encoding="utf-8")
