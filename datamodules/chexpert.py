"""CheXpert: 14 observations in 223,414 chest x-rays, some of them uncertain (Irvin et al. 2019), multilabel."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from datamodules.dataset.contract import Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split, below
from datamodules.files.images import read_gray
from datamodules.files.tables import rows
from datamodules.labels.label_files import inside, number, once
from specs.errors import DataError, UsageError, unknown
from specs.quoting import plain
from specs.task import Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

CLASSES = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture",
    "Support Devices",
)  # fmt: skip

SCORED = ("Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion")
"""The five observations of the competition (Irvin et al. 2019, section 4)."""

VALIDATION_SHARE = 0.05
"""Share of the training patients that validate where valid.csv is the test set; the papers' own is not published."""

SOFT = {"lsr_ones": (0.55, 0.85), "lsr_zeros": (0.0, 0.3)}
"""Label smoothing regularization (Pham et al. 2021, section 2.3): the range that uncertain labels are drawn from."""

TEST_FILES = ("test.csv", "test_labels.csv", "groundtruth.csv")


@dataclass(frozen=True)
class CheXpert(Dataset):
    """CheXpert, the small or the full release.

    Uncertain labels are masked in validation whatever the policy, so that policies are chosen on the same labels;
    a blank label is negative, as in the benchmark's code.

    Attributes:
        uncertain: what an uncertain label (-1) is in training: masked (``ignore``), 0, 1, or drawn once per run from
            U(0.55, 0.85) (``lsr_ones``) or U(0, 0.3) (``lsr_zeros``).
        frontal_only: whether lateral views are left out.
        test: the images that are tested on: ``valid`` tests on valid.csv and holds out training patients for
            validation, as the benchmark; ``test`` tests on the later released test set and validates on valid.csv.
        scored: the observations that the score is the mean over, in validation (and so in what is selected by it) as in
            the test, such as ``("Consolidation",)``; None: the five of the competition. All 14 are trained on.
    """

    uncertain: Literal["ignore", "zeros", "ones", "lsr_ones", "lsr_zeros"] = "lsr_ones"
    frontal_only: bool = False
    test: Literal["valid", "test"] = "valid"
    scored: tuple[str, ...] | None = None

    words: ClassVar[Words] = {
        "uncertain": {
            "ignore": "uncertain labels masked",
            "zeros": "uncertain labels as 0",
            "ones": "uncertain labels as 1",
            "lsr_zeros": "uncertain labels as 0, smoothed",
        },
        "frontal_only": {True: "frontal views"},
        "test": {"test": "the later test set"},
        "scored": "scored by {scored}",
    }
    homepage: ClassVar[str] = "https://stanfordmlgroup.github.io/competitions/chexpert/"
    licence: ClassVar[str] = "Stanford University Dataset Research Use Agreement, after registration"
    by_hand: ClassVar[str] = "Stanford gives it to those who have registered and accepted the agreement."
    layout: ClassVar[str] = (
        "  chexpert/\n"
        "    CheXpert-v1.0-small/   (or CheXpert-v1.0/, its batches merged)\n"
        "      train.csv\n"
        "      valid.csv\n"
        "      train/patient00001/study1/view1_frontal.jpg ...\n"
        "      valid/patient64541/study1/view1_frontal.jpg ...\n"
        "      test.csv, test/ ...   (only for test='test')"
    )

    def __post_init__(self) -> None:
        """Check the common arguments and the scored observations.

        Raises:
            UsageError: if one is not known, or they are none, or one is given twice.
        """
        super().__post_init__()
        if self.scored is None:
            return
        for name in self.scored:
            if name not in CLASSES:
                raise unknown("observation of CheXpert", name, CLASSES)
        if not self.scored or len(set(self.scored)) != len(self.scored):
            raise UsageError(f"chexpert: scored takes one or more different observations, found {self.scored}.")

    @property
    def task(self) -> Task:
        """14 observations, of which some are scored."""
        wanted = SCORED if self.scored is None else self.scored
        return Task("multilabel", CLASSES, tuple(name for name in CLASSES if name in wanted))

    @property
    def channels(self) -> int:
        """Grayscale."""
        return 1

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of Irvin et al. 2019: 223,414 training images of 64,540 patients, 234 validation images of 200."""
        if self.frontal_only or self.test == "test":
            return {}
        return {"images": 223_414 + 234, "patients": 64_540 + 200, "test images": 234, "test patients": 200}

    def read_labels(self, root: Path) -> Labels:
        """The rows of train.csv, valid.csv and, if asked for, the test set's file."""
        base = self._base(root)
        parts = [base / "train.csv", base / "valid.csv"]
        if self.test == "test":
            parts.append(next((base / name for name in TEST_FILES if (base / name).is_file()), base / TEST_FILES[0]))
        for path in parts:
            if not path.is_file():
                raise self.not_found(root, f"found no {path.relative_to(root)}")
        samples = [sample for path in parts for sample in self._read(path)]
        return Labels(tuple(sorted(samples, key=lambda sample: sample.id)))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The splits by the folder of an image; with ``test="valid"``, held-out training patients validate."""
        splits: dict[Split, list[Sample]] = {"train": [], "validation": [], "test": []}
        for sample in samples:
            folder = sample.source.partition("/")[0]
            if self.test == "test":
                splits[{"train": "train", "valid": "validation"}.get(folder, "test")].append(sample)  # type: ignore[index]
            elif folder == "valid":
                splits["test"].append(sample)
            else:
                held_out = below(VALIDATION_SHARE, f"chexpert-validation:{sample.patient}")
                splits["validation" if held_out else "train"].append(sample)
        return splits

    def used_in(self, split: Split, sample: Sample) -> Sample:
        """The sample with uncertain labels as the policy says in training, and masked in other splits."""
        if -1 not in sample.target:
            return sample
        policy = self.uncertain if split == "train" else "ignore"
        if policy in SOFT:
            return sample
        value = {"ignore": math.nan, "zeros": 0.0, "ones": 1.0}[policy]
        return sample._replace(target=tuple(value if label == -1 else label for label in sample.target))

    def training_target(self, sample: Sample, seed: int) -> tuple[float, ...]:
        """The target with uncertain labels drawn from the policy's range, by seed, image and class."""
        if -1 not in sample.target:
            return sample.target
        low, high = SOFT[self.uncertain]

        def drawn(place: int) -> float:
            text = f"{seed}:{sample.id}:{CLASSES[place]}".encode()
            return low + (high - low) * int.from_bytes(hashlib.sha256(text).digest()[:7]) / 256**7

        return tuple(drawn(place) if label == -1 else label for place, label in enumerate(sample.target))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The x-ray."""
        return (self._base(root) / sample.source,)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """The x-ray, about 390 x 320 in the small release."""
        return read_gray(self.files(root, sample)[0])

    def write_phantom(self, root: Path) -> None:
        """480 drawn chests of as many patients, 48 x 48, with uncertain labels."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import chest

        base = root / "CheXpert-v1.0-small"
        head = ",".join(("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CLASSES))
        lines = {"train": [head], "valid": [head], "test": [head]}
        for patient in range(1, 481):
            part = "train" if patient <= 400 else "valid" if patient <= 440 else "test"
            generator = np.random.default_rng([19, patient])
            shown = {patient % len(CLASSES)} | set(np.flatnonzero(generator.random(len(CLASSES)) < 0.25).tolist())
            cells = []
            for place in range(len(CLASSES)):
                cell = "1.0" if place in shown else generator.choice(["0.0", ""])
                cells.append("-1.0" if part == "train" and generator.random() < 0.08 else str(cell))
            view = "lateral" if patient % 7 == 0 else "frontal"
            name = f"{part}/patient{patient:05d}/study1/view1_{view}.jpg"
            (base / name).parent.mkdir(parents=True)
            image = chest(generator, 48, dict.fromkeys(sorted(shown), 1.0))
            Image.fromarray(image).save(base / name, quality=92)
            lines[part].append(f"{base.name}/{name},Female,60,{view.capitalize()},AP,{','.join(cells)}")
        for part, rows_ in lines.items():
            (base / f"{part}.csv").write_text("\n".join(rows_) + "\n", encoding="utf-8")

    def _base(self, root: Path) -> Path:
        """The folder of the release, which may be the root itself."""
        found = [
            root / name
            for name in ("CheXpert-v1.0-small", "CheXpert-v1.0", ".")
            if (root / name / "train.csv").is_file()
        ]
        if len(found) != 1:
            both = " and ".join(str(path.relative_to(root)) for path in found)
            raise self.not_found(root, f"found {both}, expected one release," if found else "found no train.csv")
        return found[0]

    def _read(self, path: Path) -> Iterator[Sample]:
        allowed, seen = (-1.0, 0.0, 1.0), set[str]()
        for line, (image, *cells) in rows(path, ("Path", *CLASSES)):
            name = inside(image, path, line)
            if name.startswith("CheXpert-v1.0"):
                name = name.partition("/")[2]
            once(seen, name, path, line)
            parts = name.split("/")
            if len(parts) != 4 or not parts[1].startswith("patient"):
                raise DataError(
                    f'{path}, line {line}: the path "{plain(image)}" is not of the form train/patient00001/study1/'
                    "view1_frontal.jpg. Fetch the file again."
                )
            if self.frontal_only and "lateral" in parts[3]:
                continue
            target = tuple(
                number(cell, allowed, path, line, name_) if cell else 0.0
                for cell, name_ in zip(cells, CLASSES, strict=True)
            )
            yield Sample(name, parts[1], target, name)
