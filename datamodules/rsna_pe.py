"""RSNA STR PE: pulmonary embolism in 1,790,594 CT slices of 7,279 studies (Colak et al. 2021), binary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.dividing import divide
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.dicom import position, read_dicom, write_dicom
from datamodules.files.listing import files_in
from datamodules.files.tables import rows
from datamodules.labels.label_files import filled, inside, number, once
from datamodules.unseen.contract import OwnFiles, Unseen
from specs.errors import DataError, UsageError
from specs.task import Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

COLUMNS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "pe_present_on_image")

TEST_STUDIES = 1000
"""How many of the 7,279 studies the benchmark tests on (Islam et al. 2021)."""


@dataclass(frozen=True)
class RsnaPe(Dataset, OwnFiles):
    """The labelled slices of RSNA-STR pulmonary embolism CT, one sample per slice, split by study.

    An image's three channels are the slice below, the slice, and the slice above, by their position in the body;
    at either end the slice itself stands in for the missing one.

    Attributes:
        center: the center of the window, in Hounsfield units; with ``width``, the papers of the benchmark use [100,
            700] (Islam et al. 2021).
        width: the width of the window, in Hounsfield units, above 1.
    """

    center: float = 100.0
    width: float = 700.0

    phantom_version: ClassVar[int] = 2  # 2: faint, beside what looks alike
    title: ClassVar[str] = "RSNA STR PE"
    words: ClassVar[Words] = {"center": "window at {center:g} HU", "width": "window of {width:g} HU"}
    homepage: ClassVar[str] = "https://www.kaggle.com/c/rsna-str-pulmonary-embolism-detection"
    licence: ClassVar[str] = "non-commercial and academic research, by the competition's rules"
    by_hand: ClassVar[str] = "Kaggle gives it to accounts that have accepted the competition's rules."
    layout: ClassVar[str] = "  rsna_pe/\n    train.csv\n    train/STUDY/SERIES/IMAGE.dcm ..."
    pixel_arguments: ClassVar[tuple[str, ...]] = ("center", "width")

    def __post_init__(self) -> None:
        """Check the window.

        Raises:
            UsageError: if it is not above 1 unit wide.
        """
        super().__post_init__()
        if self.width <= 1:
            raise UsageError(f"rsna_pe: the window's width must be above 1 Hounsfield unit, found {self.width}.")

    @property
    def task(self) -> Task:
        """Embolism on the slice or not."""
        return Task("binary", ("pulmonary embolism",))

    @property
    def channels(self) -> int:
        """Three adjacent slices."""
        return 3

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the competition's train.csv."""
        return {"images": 1_790_594, "patients": 7_279}

    def read_labels(self, root: Path) -> Labels:
        """The rows of train.csv; a study counts as a patient."""
        path = root / "train.csv"
        if not path.is_file():
            raise self.not_found(root, "found no train.csv")
        samples, seen = [], set[str]()
        for line, (study, series, image, label) in rows(path, COLUMNS):
            for cell, column in zip((study, series, image), COLUMNS, strict=False):
                filled(cell, path, line, column)
            source = inside(f"train/{study}/{series}/{image}.dcm", path, line)
            once(seen, source, path, line)
            value = number(label, (0.0, 1.0), path, line, COLUMNS[3])
            samples.append(Sample(f"{study}/{series}/{image}", study, (value,), source))
        return Labels(tuple(sorted(samples, key=lambda sample: sample.id)))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """A fixed division, since none is published: as many test studies as the benchmark has; a tenth validates."""
        return divide(samples, self.task, "rsna_pe", validation=0.1, test=TEST_STUDIES / 7279)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The slice; its neighbours are files of other samples."""
        return (root / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """Three adjacent slices, 512 x 512 in the real edition."""
        return AdjacentSlices(self.center, self.width).read(root, sample.source)

    @property
    def unseen(self) -> Unseen:
        """New slices are read with their neighbours, in the same window."""
        return AdjacentSlices(self.center, self.width)

    def write_phantom(self, root: Path) -> None:
        """40 studies of 6 drawn slices, 48 x 48, in an order that their names do not tell."""
        import numpy as np

        from datamodules.phantoms.phantom_images import chest_slices

        lines = [",".join(COLUMNS)]
        for study in range(1, 41):
            generator = np.random.default_rng([73, study])
            filled = {2, 3} if study % 2 else set()
            stack = chest_slices(generator, 48, 6, filled)
            names = [f"{study:04x}{place:08x}" for place in generator.permutation(6).tolist()]
            folders = f"{study:012x}", f"{study + 4096:012x}"
            for place, name in enumerate(names):
                write_dicom(
                    root / "train" / folders[0] / folders[1] / f"{name}.dcm",
                    (stack[place] + 1024).astype(np.int16),
                    RescaleSlope=1,
                    RescaleIntercept=-1024,
                    ImagePositionPatient=[0, 0, 2.5 * place],
                )
                lines.append(f"{folders[0]},{folders[1]},{name},{int(place in filled)}")
        (root / "train.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class AdjacentSlices(Unseen):
    """Slices of series, each a DICOM file, with the slices below and above as further channels.

    Attributes:
        center: the center of the window, in Hounsfield units.
        width: the width of the window, in Hounsfield units.
    """

    center: float
    width: float

    def found(self, folder: Path) -> list[str]:
        """The files that end in ``.dcm``; each folder of them is a series."""
        return [one.relative_to(folder).as_posix() for one in files_in(folder) if one.suffix == ".dcm"]

    def read(self, folder: Path, name: str) -> Pixels:
        """The slice between its neighbours, (H, W, 3); at either end the slice stands in for the missing one."""
        import numpy as np

        path = folder / name
        order = _by_position(path.parent)
        if path not in order:
            raise DataError(f"the image {path} is missing. Complete the dataset's folder.")
        place = order[path]
        paths = list(order)
        chosen = [paths[min(max(neighbour, 0), len(paths) - 1)] for neighbour in (place - 1, place, place + 1)]
        planes = [_plane(one, self.center, self.width) for one in chosen]
        sizes = sorted({f"{plane.shape[0]} x {plane.shape[1]}" for plane in planes})
        if len(sizes) > 1:
            raise DataError(
                f"neighbouring slices of {path.parent} are of {' and '.join(sizes)} pixels, expected one size for a "
                "series. Compare its files with the published ones, or leave the study out of the table."
            )
        return np.stack(planes, axis=-1)

    def unlike(self, folder: Path, name: str) -> str | None:
        """Nothing: each file is a slice in Hounsfield units, as those of the dataset are."""
        return None


@lru_cache(maxsize=4)
def _by_position(series: Path) -> dict[Path, int]:
    """The slices of a series from low to high, with their ranks."""
    paths = sorted(series.glob("*.dcm"))
    heights = {path: position(path) for path in paths}
    return {path: rank for rank, path in enumerate(sorted(paths, key=heights.__getitem__))}


@lru_cache(maxsize=512)  # as many as a series has, so that each slice, which three images show, is decoded once
def _plane(path: Path, center: float, width: float) -> Pixels:
    return read_dicom(path, (center, width))
