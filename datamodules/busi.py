"""BUSI: masses in 647 ultrasound images of the breast, and 133 without one (Al-Dhabyani et al. 2020), segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.images import read_gray
from datamodules.files.listing import in_utf8
from datamodules.files.masks import read_mask
from specs.errors import DataError
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

FOLDER = "Dataset_BUSI_with_GT"
COUNTS = {"benign": 437, "malignant": 210, "normal": 133}
"""The number of images in each folder, as published."""


@dataclass(frozen=True)
class Busi(Dataset):
    """Breast Ultrasound Images (https://doi.org/10.1016/j.dib.2019.104863).

    Where several masks of an image are given, the mask is all of them together. The 780 images are of 600 patients, who
    are not named: each image counts as its own, and a score may be too high for new patients. A fixed division has 80,
    10 and 10 % of the images with a mass, and of those without.
    """

    title: ClassVar[str] = "BUSI"
    homepage: ClassVar[str] = "https://scholar.cu.edu.eg/?q=afahmy/pages/dataset"
    licence: ClassVar[str] = "no licence stated; its article is under CC BY 4.0"
    by_hand: ClassVar[str] = "Its publishers offer it on a page that is opened in a browser."
    layout: ClassVar[str] = (
        "  busi/\n"
        f"    {FOLDER}/benign/benign (1).png, benign (1)_mask.png, benign (4)_mask_1.png ...\n"
        f"    {FOLDER}/malignant/malignant (1).png ...\n"
        f"    {FOLDER}/normal/normal (1).png ..."
    )

    @property
    def task(self) -> Task:
        """Masses, benign or malignant, against everything else."""
        return Task("segmentation", ("mass",))

    @property
    def channels(self) -> int:
        """Grayscale, stored as color."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the article."""
        return {"images": sum(COUNTS.values()), "mass": COUNTS["benign"] + COUNTS["malignant"]}

    def read_labels(self, root: Path) -> Labels:
        """Every image that has a mask; those of the folder ``normal`` show no mass."""
        folder, samples = _folder(root), []
        for kind in COUNTS:
            for name in in_utf8((path.name for path in (folder / kind).glob("*.png")), folder / kind):
                if "_mask" not in name:
                    source = f"{kind}/{name}"
                    samples.append(Sample(source, source, (float(kind != "normal"),), source))
        if not samples:
            raise self.not_found(root, f"found no {FOLDER}/benign/*.png")
        missing = [sample.id for sample in samples if len(self.files(root, sample)) == 1]
        if missing:
            raise self.not_found(root, f"{len(missing)} images have no mask, such as {missing[0]},")
        return Labels(tuple(samples))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The image and its masks: the first, then ``_mask_1`` and so on as far as there are any."""
        path = _folder(root) / sample.source
        masks = [path.with_name(f"{path.stem}_mask.png")]
        while (further := path.with_name(f"{path.stem}_mask_{len(masks)}.png")).is_file():
            masks.append(further)
        return (path, *(mask for mask in masks if mask.is_file()))

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The image, of several sizes in the real edition."""
        return read_gray(self.files(root, sample)[0])

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """The mask of all masses together."""
        import numpy as np

        paths = self.files(root, sample)[1:]
        found = [read_mask(path) for path in paths]
        for path, mask in zip(paths, found, strict=True):
            if mask.shape != found[0].shape:
                raise DataError(f"{path} is of shape {mask.shape}, {paths[0]} of {found[0].shape}. Fetch them again.")
        return np.bitwise_or.reduce(found)  # type: ignore[no-any-return]

    def write_phantom(self, root: Path) -> None:
        """60 drawn images, 64 x 64, a sixth of them without a mass, some with two in files of their own."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.ultrasound import masses

        numbers = dict.fromkeys(COUNTS, 0)
        for number in range(60):
            kind = ("benign", "malignant", "benign", "malignant", "benign", "normal")[number % 6]
            count = 0 if kind == "normal" else 2 if number % 12 == 4 else 1
            image, found = masses(np.random.default_rng([78, number]), 64, kind == "malignant", count)
            numbers[kind] += 1
            folder = root / FOLDER / kind
            folder.mkdir(parents=True, exist_ok=True)
            stem = f"{kind} ({numbers[kind]})"
            Image.fromarray(np.repeat(image[..., None], 3, axis=2)).save(folder / f"{stem}.png")
            for place, mask in enumerate(found or [np.zeros_like(image)]):
                Image.fromarray(255 * mask).save(folder / f"{stem}_mask{f'_{place}' if place else ''}.png")


def _folder(root: Path) -> Path:
    inner = root / FOLDER
    return inner if inner.is_dir() else root
