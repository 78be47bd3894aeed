"""HAM10000: seven kinds of pigmented skin lesions in 10,015 dermoscopic images (Tschandl et al. 2018), multiclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.images import read_rgb
from datamodules.files.tables import rows
from datamodules.labels.label_files import filled, inside, once
from specs.errors import DataError
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

DIAGNOSES = {
    "akiec": "actinic keratosis or Bowen's disease",
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "nevus",
    "vasc": "vascular lesion",
}
"""The abbreviations of the label file (Tschandl et al. 2018, https://doi.org/10.1038/sdata.2018.161, table 1)."""

TABLE = "HAM10000_metadata.csv"


@dataclass(frozen=True)
class Ham10000(Dataset):
    """The training images of HAM10000. Several may show one lesion, and those stay together.

    The file names lesions, not patients. No split is published; a fixed division by diagnosis has 80, 10 and 10 % of
    the lesions.
    """

    title: ClassVar[str] = "HAM10000"
    homepage: ClassVar[str] = "https://doi.org/10.7910/DVN/DBW86T"
    licence: ClassVar[str] = "CC BY-NC 4.0"
    by_hand: ClassVar[str] = "Its archive asks for its terms to be accepted in a browser."
    layout: ClassVar[str] = (
        "  ham10000/\n"
        f"    {TABLE}\n"
        "    HAM10000_images_part_1/ISIC_0024306.jpg ...\n"
        "    HAM10000_images_part_2/ISIC_0029306.jpg ...   (or all in one folder HAM10000_images)"
    )

    @property
    def task(self) -> Task:
        """One of seven diagnoses."""
        return Task("multiclass", tuple(DIAGNOSES.values()))

    @property
    def channels(self) -> int:
        """Color photographs."""
        return 3

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the paper; patients are lesions here."""
        counts = (327, 514, 1_099, 115, 1_113, 6_705, 142)
        return {"images": 10_015, "patients": 7_470} | dict(zip(self.task.classes, counts, strict=True))

    def read_labels(self, root: Path) -> Labels:
        """The rows of the table, each with the path of its image in whichever folder has it."""
        path = root / TABLE
        if not path.is_file():
            raise self.not_found(root, f"found no {TABLE}")
        places = {file.stem: file.relative_to(root).as_posix() for file in root.glob("HAM10000_images*/*.jpg")}
        numbers = {name: number for number, name in enumerate(DIAGNOSES)}
        samples, seen = [], set[str]()
        for line, (lesion, image, diagnosis) in rows(path, ("lesion_id", "image_id", "dx")):
            image = inside(image, path, line)
            once(seen, image, path, line)
            if diagnosis not in numbers:
                raise DataError(
                    f'{path}, line {line}: dx is "{diagnosis}", expected one of {", ".join(DIAGNOSES)}. Mend the file.'
                )
            place = places.get(image, f"HAM10000_images_part_1/{image}.jpg")
            target = (float(numbers[diagnosis]),)
            samples.append(Sample(image, filled(lesion, path, line, "lesion_id"), target, place))
        return Labels(tuple(samples))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph."""
        return (root / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph, 450 x 600 in the real edition."""
        return read_rgb(root / sample.source)

    def write_phantom(self, root: Path) -> None:
        """280 drawn spots, 48 x 48, of 210 lesions."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.skin import spot

        lines = ["lesion_id,image_id,dx,dx_type,age,sex,localization"]
        for number in range(280):
            kind, lesion = (number // 2 if number < 140 else number) % 7, number // 2 if number < 140 else number
            name = f"ISIC_{24306 + number:07d}"
            folder = root / f"HAM10000_images_part_{1 + number // 140}"
            folder.mkdir(parents=True, exist_ok=True)
            image, _ = spot(np.random.default_rng([10, number]), 48, kind)
            Image.fromarray(image).save(folder / f"{name}.jpg", quality=95)
            lines.append(f"HAM_{lesion:07d},{name},{tuple(DIAGNOSES)[kind]},histo,50.0,female,back")
        (root / TABLE).write_text("\n".join(lines) + "\n", encoding="utf-8")
