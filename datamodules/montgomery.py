"""Montgomery: lungs in 138 chest x-rays (Jaeger et al. 2014), segmentation."""

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
from datamodules.files.masks import read_mask
from specs.errors import DataError
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels


@dataclass(frozen=True)
class Montgomery(Dataset):
    """The Montgomery County set; the mask is the left and the right lung together.

    Without split lists, a fixed division has the benchmark's proportions (92, 15 and 31 images).
    """

    phantom_version: ClassVar[int] = 2  # 2: borders that are not sharp
    homepage: ClassVar[str] = "https://data.lhncbc.nlm.nih.gov/public/Tuberculosis-Chest-X-ray-Datasets/index.html"
    licence: ClassVar[str] = "free, attribution asked for"
    layout: ClassVar[str] = (
        "  montgomery/\n"
        "    MontgomerySet/CXR_png/MCUCXR_0001_0.png ...\n"
        "    MontgomerySet/ManualMask/leftMask/MCUCXR_0001_0.png ...\n"
        "    MontgomerySet/ManualMask/rightMask/MCUCXR_0001_0.png ..."
    )

    @property
    def task(self) -> Task:
        """Lungs against everything else."""
        return Task("segmentation", ("lung",))

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts as published."""
        return {"images": 138, "patients": 138}

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """The folder of single files of the National Library of Medicine; no checksums of them are published."""
        folder = "MontgomerySet"
        url = f"{self.homepage.rpartition('/')[0]}/Montgomery-County-CXR-Set/{folder}/index.html"
        return (OpenFile(folder, url, self.licence, folder=folder, listed=True),)

    def read_labels(self, root: Path) -> Labels:
        """Every image that has both masks."""
        folder = _folder(root)
        names = in_utf8((path.name for path in (folder / "CXR_png").glob("*.png")), folder / "CXR_png")
        if not names:
            raise self.not_found(root, "found no CXR_png/*.png")
        samples = tuple(Sample(name, name.split("_")[1], (), name) for name in names if name.count("_") == 2)
        missing = [path for sample in samples for path in self.files(root, sample)[1:] if not path.is_file()]
        if missing or len(samples) < len(names):
            found = (
                f"{len(missing)} masks are missing, such as {missing[0].relative_to(root)},"
                if missing
                else "found misnamed images"
            )
            raise self.not_found(root, found)
        return Labels(samples)

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """A fixed division in the benchmark's proportions, since no split is published."""
        return divide(samples, self.task, "montgomery", validation=15 / 138, test=31 / 138)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The x-ray, and the masks of the left and the right lung."""
        folder = _folder(root)
        masks = folder / "ManualMask"
        return (
            folder / "CXR_png" / sample.source,
            masks / "leftMask" / sample.source,
            masks / "rightMask" / sample.source,
        )

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, 4020 x 4892 or 4892 x 4020 in the real edition."""
        return read_gray(self.files(root, sample)[0])

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """The mask of both lungs together."""
        _, left, right = self.files(root, sample)
        masks = read_mask(left), read_mask(right)
        if masks[0].shape != masks[1].shape:
            raise DataError(f"{left} is of shape {masks[0].shape}, {right} of {masks[1].shape}. Fetch them again.")
        return masks[0] | masks[1]

    def write_phantom(self, root: Path) -> None:
        """60 drawn chests, 96 x 80 or 80 x 96, with 1-bit masks."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import lungs

        for number in range(1, 61):
            image, left, right = lungs(np.random.default_rng([138, number]), 96)
            crop = (slice(None), slice(8, 88)) if number % 2 else (slice(8, 88), slice(None))
            sample = Sample("", "", (), f"MCUCXR_{number:04d}_{number % 2}.png")
            for path, pixels in zip(self.files(root / "MontgomerySet", sample), (image, left, right), strict=True):
                path = root / "MontgomerySet" / path.relative_to(root / "MontgomerySet")
                path.parent.mkdir(parents=True, exist_ok=True)
                shown = pixels[crop]
                Image.fromarray(shown if pixels is image else shown.astype(bool)).save(path)


def _folder(root: Path) -> Path:
    inner = root / "MontgomerySet"
    return inner if inner.is_dir() else root
