"""ISIC 2018: borders of skin lesions in 2,594 dermoscopic images (Codella et al. 2019), task 1, segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.images import read_rgb
from datamodules.files.listing import in_utf8
from datamodules.files.masks import read_mask
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

IMAGES, MASKS = "ISIC2018_Task1-2_Training_Input", "ISIC2018_Task1_Training_GroundTruth"


@dataclass(frozen=True)
class Isic2018(Dataset):
    """The training images of task 1 with their masks.

    No patients are published, so each image counts as its own. A fixed division has 80, 10 and 10 %.
    """

    title: ClassVar[str] = "ISIC 2018"
    homepage: ClassVar[str] = "https://challenge.isic-archive.com/data/#2018"
    licence: ClassVar[str] = "CC BY-NC 4.0"
    by_hand: ClassVar[str] = "Its archives are downloaded in a browser, after its terms were accepted."
    layout: ClassVar[str] = (
        f"  isic2018/\n    {IMAGES}/ISIC_0000000.jpg ...\n    {MASKS}/ISIC_0000000_segmentation.png ..."
    )

    @property
    def task(self) -> Task:
        """The lesion against the skin around it."""
        return Task("segmentation", ("lesion",))

    @property
    def channels(self) -> int:
        """Color photographs."""
        return 3

    @property
    def published(self) -> Mapping[str, int]:
        """Count of the challenge."""
        return {"images": 2_594}

    def read_labels(self, root: Path) -> Labels:
        """Every image; each has to have its mask."""
        names = in_utf8((path.stem for path in (root / IMAGES).glob("ISIC_*.jpg")), root / IMAGES)
        if not names:
            raise self.not_found(root, f"found no {IMAGES}/ISIC_*.jpg")
        samples = tuple(Sample(name, name, (), name) for name in names)
        missing = [path for sample in samples if not (path := self.files(root, sample)[1]).is_file()]
        if missing:
            raise self.not_found(root, f"{len(missing)} masks are missing, such as {missing[0].relative_to(root)},")
        return Labels(samples)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph and its mask."""
        return root / IMAGES / f"{sample.source}.jpg", root / MASKS / f"{sample.source}_segmentation.png"

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph, of several sizes in the real edition."""
        return read_rgb(self.files(root, sample)[0])

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """The lesion, 255 in the file."""
        return read_mask(self.files(root, sample)[1])

    def write_phantom(self, root: Path) -> None:
        """60 drawn spots, 64 x 64."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.skin import spot

        for number in range(60):
            image, mask = spot(np.random.default_rng([18, number]), 64, number % 7)
            name = f"ISIC_{number:07d}"
            for path, pixels in zip(self.files(root, Sample(name, name, (), name)), (image, 255 * mask), strict=True):
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path, quality=95)
        (root / IMAGES / "ATTRIBUTION.txt").write_text("As in the published archive.\n", encoding="utf-8")
