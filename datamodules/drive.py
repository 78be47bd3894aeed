"""DRIVE: retinal vessels in 40 fundus photographs (Staal et al. 2004), segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.images import content_digest, read_rgb
from datamodules.files.masks import read_mask
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

VALIDATION = ("25", "30", "35", "40")
"""Training images held out for validation: every fifth, this project's choice, since DRIVE has no validation set."""


@dataclass(frozen=True)
class Drive(Dataset):
    """DRIVE with its official 20 training and 20 test images; 4 of the training images validate.

    The dataset does not say which images show one patient, so each image counts as its own.
    """

    homepage: ClassVar[str] = "https://drive.grand-challenge.org"
    licence: ClassVar[str] = "free for research after registration"
    by_hand: ClassVar[str] = "The challenge gives it to those who have registered."
    layout: ClassVar[str] = (
        "  drive/\n"
        "    training/images/21_training.tif ... 40_training.tif\n"
        "    training/1st_manual/21_manual1.gif ... 40_manual1.gif\n"
        "    training/mask/21_training_mask.gif ... 40_training_mask.gif\n"
        "    test/images/01_test.tif ... 20_test.tif\n"
        "    test/1st_manual/01_manual1.gif ... 20_manual1.gif\n"
        "    test/mask/01_test_mask.gif ... 20_test_mask.gif"
    )

    @property
    def task(self) -> Task:
        """Vessels against everything else."""
        return Task("segmentation", ("vessel",))

    @property
    def channels(self) -> int:
        """Color photographs."""
        return 3

    @property
    def published(self) -> Mapping[str, int]:
        """Counts as published."""
        return {"images": 40, "test images": 20}  # Staal et al. 2004

    def read_labels(self, root: Path) -> Labels:
        """The forty images, after a look at every expected file."""
        paths = [path for number in range(1, 41) for path in _paths(root, f"{number:02d}")]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            hint = " (the challenge's current archive lacks the test masks)" if "test" in missing[0].parts else ""
            found = f"{len(missing)} of {len(paths)} files are missing, the first {missing[0].relative_to(root)}{hint},"
            raise self.not_found(root, found)
        return Labels(tuple(Sample(f"{n:02d}", f"{n:02d}", (), f"{n:02d}") for n in range(1, 41)))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The official split; four of the training images validate."""
        return {
            "train": [sample for sample in samples if int(sample.id) > 20 and sample.id not in VALIDATION],
            "validation": [sample for sample in samples if sample.id in VALIDATION],
            "test": [sample for sample in samples if int(sample.id) <= 20],
        }

    def content(self, root: Path, samples: tuple[Sample, ...]) -> str:
        """The digest of all 120 files."""
        return content_digest(path for sample in samples for path in _paths(root, sample.source))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph, the mask of its vessels and that of its field of view."""
        return _paths(root, sample.source)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph, 584 x 565 in the real edition."""
        return read_rgb(_paths(root, sample.source)[0])

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """The mask of the vessels, by the first observer."""
        return read_mask(_paths(root, sample.source)[1])

    def second_mask(self, root: Path, sample: Sample) -> Pixels | None:
        """The mask of the second observer, which the published archive has of the test images."""
        path = root / "test" / "2nd_manual" / f"{sample.source}_manual2.gif"
        return read_mask(path) if path.is_file() else None

    def read_field_of_view(self, root: Path, sample: Sample) -> Pixels | None:
        """The field of view: the disc that the camera saw."""
        return read_mask(_paths(root, sample.source)[2])

    def write_phantom(self, root: Path) -> None:
        """40 drawn discs with branching curves, 96 x 96."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import fundus

        for number in range(1, 41):
            name = f"{number:02d}"
            image, mask, view = fundus(np.random.default_rng([4, number]), 96)
            for path, pixels in zip(_paths(root, name), (image, mask * 255, view * 255), strict=True):
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)


def _paths(root: Path, number: str) -> tuple[Path, Path, Path]:
    """The paths of image, mask and field of view, by the number of the image."""
    split = "training" if int(number) > 20 else "test"
    folder = root / split
    return (
        folder / "images" / f"{number}_{split}.tif",
        folder / "1st_manual" / f"{number}_manual1.gif",
        folder / "mask" / f"{number}_{split}_mask.gif",
    )
