"""SIIM-ACR: pneumothorax in 12,047 chest x-rays (Kaggle 2019), segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.dicom import read_dicom, shape, write_dicom
from datamodules.files.tables import rows
from datamodules.labels import run_lengths
from specs.errors import DataError
from specs.quoting import plain
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

LABEL_FILES = ("train-rle.csv", "stage_2_train.csv", "stage_2_train-rle.csv")


@dataclass(frozen=True)
class SiimAcr(Dataset):
    """The training images of either stage; an image's mask is the union of its rows.

    No split is published: 80, 10 and 10 % of the images, with and without a pneumothorax alike. The files name no
    patients, so each image counts as its own. Images without a row are left out.
    """

    phantom_version: ClassVar[int] = 2  # 2: faint, with folds that look alike
    homepage: ClassVar[str] = "https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation"
    licence: ClassVar[str] = "competition rules"
    by_hand: ClassVar[str] = "Kaggle gives it to accounts that have accepted the competition's rules."
    layout: ClassVar[str] = (
        "  siim_acr/\n"
        "    train-rle.csv   (or stage_2_train.csv)\n"
        "    dicom-images-train/STUDY/SERIES/IMAGE.dcm ...   (or stage_2_images/IMAGE.dcm ...)"
    )

    @property
    def task(self) -> Task:
        """Pneumothorax against everything else."""
        return Task("segmentation", ("pneumothorax",))

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The National Institutes of Health's chest x-rays (Filice et al. 2020, doi 10.1007/s10278-019-00299-9)."""
        return ("chestxray14",)

    @property
    def published(self) -> Mapping[str, int]:
        """Counts as published."""
        return {"images": 12_047, "pneumothorax": 2_669}  # stage 2

    def read_labels(self, root: Path) -> Labels:
        """One sample for each image with a row in the label file; its file must be there."""
        codes = _codes(*self._label_file(root))
        found_files = (path.relative_to(root) for path in sorted(root.rglob("*.dcm")))
        paths = {path.stem: path for path in found_files if "test" not in path.parts[0]}
        missing = [image for image in codes if image not in paths]
        if missing:
            found = f"{len(missing)} of {len(codes)} labelled images are missing, such as {plain(missing[0])}.dcm,"
            raise self.not_found(root, found)
        samples = tuple(
            Sample(image, image, (float(codes[image] != ("-1",)),), str(paths[image])) for image in sorted(codes)
        )
        without = dict.fromkeys(sorted(set(paths) - set(codes)), "no row in the label file")
        return Labels(samples, without)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The DICOM file and the label file, which holds the mask."""
        return root / sample.source, self._label_file(root)[0]

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, 1024 x 1024."""
        return read_dicom(root / sample.source)

    def read_mask(self, root: Path, sample: Sample) -> Pixels:
        """The mask of an image: the union of the regions in its rows."""
        import numpy as np

        path, changed = self._label_file(root)
        codes = _codes(path, changed)[sample.id]
        try:
            masks = [run_lengths.decode(code, *shape(root / sample.source)) for code in codes]
        except DataError as error:
            raise DataError(f"{path}, image {plain(sample.id)}: {error}") from error
        return np.bitwise_or.reduce(masks)  # type: ignore[no-any-return]

    def write_phantom(self, root: Path) -> None:
        """60 drawn chests, 64 x 64, a third of them with a dark rim, some in two pieces."""
        import numpy as np

        from datamodules.phantoms.phantom_images import pneumothorax

        lines = ["ImageId, EncodedPixels"]
        for number in range(1, 61):
            generator = np.random.default_rng([12, number])
            image, pieces = pneumothorax(generator, 64, pieces=(0, 0, 1, 0, 0, 2)[number % 6])
            name = f"1.2.276.0.7230010.3.1.4.{number:05d}"
            path = root / "dicom-images-train" / f"{name}.1" / f"{name}.2" / f"{name}.dcm"
            write_dicom(path, image)
            codes = [run_lengths.encode(piece) for piece in pieces] or ["-1"]
            lines += [f"{name}, {code}" if code == "-1" else f"{name},{code}" for code in codes]
        (root / "train-rle.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _label_file(self, root: Path) -> tuple[Path, int]:
        """The label file and its time of change."""
        found = [root / name for name in LABEL_FILES if (root / name).is_file()]
        if len(found) != 1:
            names = ", ".join(path.name for path in found)
            raise self.not_found(root, f"found {names}, expected one," if found else "found no train-rle.csv")
        return found[0], found[0].stat().st_mtime_ns


@lru_cache(maxsize=2)
def _codes(path: Path, changed: int) -> dict[str, tuple[str, ...]]:
    """The codes of every image; `-1` alone for an empty mask."""
    found: dict[str, list[str]] = {}
    for line, (image, code) in rows(path, ("ImageId", "EncodedPixels")):
        known = found.setdefault(image, [])
        if known and (code == "-1" or "-1" in known or code in known):
            raise DataError(
                f"{path}, line {line}: a second row for {plain(image)} that does not go with the first. Mend it."
            )
        known.append(code or "-1")
    return {image: tuple(codes) for image, codes in found.items()}
