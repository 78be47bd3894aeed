"""Shenzhen: tuberculosis in 662 chest x-rays (Jaeger et al. 2014), binary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.dividing import divide
from datamodules.dataset.open_file import OpenFile
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.images import read_gray
from datamodules.files.listing import in_utf8
from specs.errors import DataError
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Shenzhen(Dataset):
    """The Shenzhen set; an image's last digit says whether it shows tuberculosis.

    Without split lists, a fixed division by class has the benchmark's proportions (463, 65 and 134 images).
    """

    phantom_version: ClassVar[int] = 2  # 2: faint, beside other findings, with doubtful labels
    homepage: ClassVar[str] = "https://data.lhncbc.nlm.nih.gov/public/Tuberculosis-Chest-X-ray-Datasets/index.html"
    licence: ClassVar[str] = "free, attribution asked for"
    layout: ClassVar[str] = (
        "  shenzhen/\n    ChinaSet_AllFiles/CXR_png/CHNCXR_0001_0.png ... CHNCXR_0662_1.png   (or CXR_png alone)"
    )

    @property
    def task(self) -> Task:
        """Tuberculosis or not."""
        return Task("binary", ("tuberculosis",))

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts as published."""
        return {"images": 662, "patients": 662, "tuberculosis": 336}

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """The folder of single x-rays of the National Library of Medicine; no checksums of them are published."""
        folder = "CXR_png"
        url = f"{self.homepage.rpartition('/')[0]}/Shenzhen-Hospital-CXR-Set/{folder}/index.html"
        return (OpenFile(folder, url, self.licence, folder=folder, listed=True),)

    def read_labels(self, root: Path) -> Labels:
        """One sample for each image, with the label in its name."""
        folder = _folder(root)
        samples = []
        for name in in_utf8((path.name for path in folder.glob("*.png")), folder):
            path = folder / name
            parts = path.stem.split("_")
            if len(parts) != 3 or parts[0] != "CHNCXR" or parts[2] not in ("0", "1"):
                raise DataError(
                    f"{path}: expected a name such as CHNCXR_0001_0.png, whose last digit is 0 or 1. Remove or "
                    "rename it."
                )
            samples.append(Sample(path.name, parts[1], (float(parts[2]),), path.name))
        if not samples:
            raise self.not_found(root, "found no CXR_png/*.png")
        return Labels(tuple(samples))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """A fixed division in the benchmark's proportions, since no split is published."""
        return divide(samples, self.task, "shenzhen", validation=65 / 662, test=134 / 662)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The x-ray."""
        return (_folder(root) / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, about 3000 x 3000 in the real edition."""
        return read_gray(self.files(root, sample)[0])

    def write_phantom(self, root: Path) -> None:
        """120 drawn chests, 64 x 64, half of them with a faint opacity in an upper lung; some labels are wrong."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import doubtful_chest

        folder = root / "ChinaSet_AllFiles" / "CXR_png"
        folder.mkdir(parents=True)
        for number in range(1, 121):
            image, label = doubtful_chest(np.random.default_rng([66, number]), 64, number % 2 == 1, 0, contrast=0.6)
            Image.fromarray(image).save(folder / f"CHNCXR_{number:04d}_{int(label)}.png")
        (folder / "Thumbs.db").write_bytes(b"left by a file browser, as in the published archive")


def _folder(root: Path) -> Path:
    inner = root / "ChinaSet_AllFiles" / "CXR_png"
    return inner if inner.is_dir() else root / "CXR_png"
