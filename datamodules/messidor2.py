"""Messidor-2: adjudicated retinopathy grades of 1,744 fundus photographs (Krause et al. 2018), multiclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.files.images import read_rgb
from datamodules.files.tables import rows
from datamodules.labels.label_files import inside, number, once
from datamodules.labels.retinopathy import GRADES, GRADING, drawn
from specs.task import Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

COLUMNS = ("image_id", "adjudicated_dr_grade", "adjudicated_gradable")


@dataclass(frozen=True)
class Messidor2(Dataset):
    """Messidor-2 with the grades that a panel of specialists adjudicated; ungradable images are left out.

    Two eyes are of one patient where ``messidor-2.csv``, the publishers' list of pairs, says so; without it each
    image counts as its own. A fixed division by grade has 80, 10 and 10 % of the patients.
    """

    phantom_version: ClassVar[int] = 2  # 2: fainter lesions
    homepage: ClassVar[str] = "https://www.adcis.net/en/third-party/messidor2/"
    licence: ClassVar[str] = "research and education, on request"
    by_hand: ClassVar[str] = "Its publishers send it to those who have filled in a form."
    layout: ClassVar[str] = (
        "  messidor2/\n"
        "    messidor_data.csv   (the adjudicated grades)\n"
        "    messidor-2.csv      (pairs of eyes; may be absent)\n"
        "    IMAGES/20051020_43808_0100_PP.png, IMAGES/IM000001.JPG ..."
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
        """Counts as published: of 1,748 images, 4 are ungradable and left out."""
        return {"images": 1_744}

    def read_labels(self, root: Path) -> Labels:
        """The rows of messidor_data.csv, with patients from the list of pairs if it is there."""
        path = root / "messidor_data.csv"
        if not path.is_file():
            raise self.not_found(root, "found no messidor_data.csv")
        patients = _patients(root / "messidor-2.csv")
        samples, excluded, seen = [], {}, set[str]()
        for line, (image, grade, gradable) in rows(path, COLUMNS):
            name = inside(image, path, line)
            once(seen, name, path, line)
            if gradable.strip() in ("0", "0.0"):
                excluded[name] = "ungradable"
                continue
            target = number(grade, range(len(GRADES)), path, line, COLUMNS[1])
            samples.append(Sample(name, patients.get(Path(name).stem, name), (target,), name))
        return Labels(tuple(samples), excluded)

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The photograph; the table and the archive do not agree on `.jpg` and `.JPG`."""
        path = root / "IMAGES" / sample.source
        other = path.with_suffix(path.suffix.lower() if path.suffix.isupper() else path.suffix.upper())
        return (other if other.exists() and not path.exists() else path,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The photograph, of several sizes in the real edition."""
        return read_rgb(self.files(root, sample)[0])

    def write_phantom(self, root: Path) -> None:
        """240 drawn photographs of 120 patients, 48 x 48, four of them ungradable."""
        import numpy as np
        from PIL import Image

        (root / "IMAGES").mkdir(parents=True)
        rows_, pairs = [",".join((*COLUMNS[:2], "adjudicated_dme", COLUMNS[2]))], ["left;right"]
        for patient in range(120):
            names = []
            for eye in range(2):
                number_ = 2 * patient + eye
                old = number_ % 3 == 0
                listed, name = (
                    (f"IM{number_:06d}.jpg", f"IM{number_:06d}.JPG") if old else (f"2005{number_}_PP.png",) * 2
                )
                grade, blind = patient % 5, number_ < 4
                image = drawn(np.random.default_rng([37, number_]), 48, grade)
                Image.fromarray(image).save(root / "IMAGES" / name)
                rows_.append(f"{listed},{'' if blind else grade},{'' if blind else 0},{int(not blind)}")
                names.append(listed)
            pairs.append(";".join(names))
        (root / "messidor_data.csv").write_text("\n".join(rows_) + "\n", encoding="utf-8")
        (root / "messidor-2.csv").write_text("\n".join(pairs) + "\n", encoding="utf-8")


def _patients(path: Path) -> dict[str, str]:
    """The patient of each image, by the stem of the image's name."""
    if not path.is_file():
        return {}
    return {Path(name).stem: f"pair {line}" for line, names in rows(path, ("left", "right")) for name in names if name}
