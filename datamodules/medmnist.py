"""MedMNIST: twelve small 2D datasets in one format (Yang et al. 2023), such as medmnist("pneumoniamnist")."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from datamodules.dataset.contract import SPLITS, Dataset, Labels
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.images import content_digest
from specs.errors import DataError
from specs.task import Kind, Task

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

Flag = Literal[
    "pathmnist", "chestmnist", "dermamnist", "octmnist", "pneumoniamnist", "retinamnist", "breastmnist", "bloodmnist",
    "tissuemnist", "organamnist", "organcmnist", "organsmnist",
]  # fmt: skip

ORGANS = (
    "bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left",
    "lung-right", "pancreas", "spleen",
)  # fmt: skip

# kind, channels, classes: https://github.com/MedMNIST/MedMNIST/blob/main/medmnist/info.py
FLAGS: dict[str, tuple[Kind, int, tuple[str, ...]]] = {
    "pathmnist": ("multiclass", 3, (
        "adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
        "cancer-associated stroma", "colorectal adenocarcinoma epithelium")),
    "chestmnist": ("multilabel", 1, (
        "atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia", "pneumothorax",
        "consolidation", "edema", "emphysema", "fibrosis", "pleural", "hernia")),
    "dermamnist": ("multiclass", 3, (
        "actinic keratoses", "basal cell carcinoma", "benign keratosis-like lesions", "dermatofibroma", "melanoma",
        "melanocytic nevi", "vascular lesions")),
    "octmnist": ("multiclass", 1, ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal")),
    "pneumoniamnist": ("binary", 1, ("pneumonia",)),
    "retinamnist": ("multiclass", 3, ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4")),
    "breastmnist": ("binary", 1, ("normal, benign",)),
    "bloodmnist": ("multiclass", 3, (
        "basophil", "eosinophil", "erythroblast", "immature granulocytes", "lymphocyte", "monocyte", "neutrophil",
        "platelet")),
    "tissuemnist": ("multiclass", 1, (
        "collecting duct", "distal convoluted tubule", "glomerular endothelial cells",
        "interstitial endothelial cells", "leukocytes", "podocytes", "proximal tubule segments",
        "thick ascending limb")),
    "organamnist": ("multiclass", 1, ORGANS),
    "organcmnist": ("multiclass", 1, ORGANS),
    "organsmnist": ("multiclass", 1, ORGANS),
}  # fmt: skip

SOURCES = {
    "pathmnist": "nct_crc_he", "chestmnist": "chestxray14", "dermamnist": "ham10000", "octmnist": "kermany2018",
    "pneumoniamnist": "kermany2018", "retinamnist": "deepdrid", "breastmnist": "busi", "bloodmnist": "bloodmnist",
    "tissuemnist": "bbbc051", "organamnist": "lits", "organcmnist": "lits", "organsmnist": "lits",
}  # fmt: skip
"""Whose images they are (Yang et al. 2023, https://doi.org/10.1038/s41597-022-01721-8, section "Methods")."""

PARTS: dict[Split, str] = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class MedMNIST(Dataset):
    """One MedMNIST file with its own splits.

    MedMNIST publishes no patients, so each image counts as its own. The ordinal grades of retinamnist are treated
    as classes.

    Attributes:
        flag: the dataset's name.
        size: height and width of its images; 28 is the original, larger ones are MedMNIST+.
    """

    flag: Flag = "pneumoniamnist"
    size: Literal[28, 64, 128, 224] = 28

    homepage: ClassVar[str] = "https://zenodo.org/records/10519652"
    pixel_arguments: ClassVar[tuple[str, ...]] = ("flag", "size")
    licence: ClassVar[str] = "CC BY 4.0 (dermamnist: CC BY-NC 4.0)"
    layout: ClassVar[str] = (
        "  medmnist/\n"
        "    pneumoniamnist.npz        (FLAG.npz, or FLAG_64.npz, FLAG_128.npz, FLAG_224.npz)\n"
        "    with {train,val,test}_images and {train,val,test}_labels inside"
    )

    @property
    def task(self) -> Task:
        """As MedMNIST defines it."""
        kind, _, classes = FLAGS[self.flag]
        return Task(kind, classes)

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The collection that MedMNIST made it from."""
        return (SOURCES[self.flag],)

    @property
    def channels(self) -> int:
        """1 or 3, by the dataset."""
        return FLAGS[self.flag][1]

    def read_labels(self, root: Path) -> Labels:
        """The images of the file's three parts."""
        path, samples = self._path(root), []
        for part in PARTS.values():
            for number, target in enumerate(self._checked(path, part).tolist()):
                name = f"{part}-{number}"
                samples.append(Sample(name, name, tuple(target), f"{part}:{number}"))
        return Labels(tuple(samples))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The file's own."""
        return {split: [s for s in samples if s.source.startswith(PARTS[split] + ":")] for split in SPLITS}

    def content(self, root: Path, samples: tuple[Sample, ...]) -> str:
        """Of the file."""
        return content_digest(self.files(root, samples[0]))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The one file."""
        return (self._file(root),)

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """One image of the file."""
        part, number = sample.source.split(":")
        path = self._path(root)
        image: Pixels = _array(path, path.stat().st_mtime_ns, f"{part}_images")[int(number)]
        return image

    def write_phantom(self, root: Path) -> None:
        """A file of 160, 60 and 120 drawn images with a shape or texture per class."""
        import numpy as np

        from datamodules.phantoms.phantom_images import chest, fundus, texture

        kind, channels, classes = FLAGS[self.flag]
        arrays: dict[str, Any] = {}
        for place, (part, count) in enumerate((("train", 160), ("val", 60), ("test", 120))):
            images, labels = [], []
            for number in range(count):
                generator = np.random.default_rng([28, place, number])
                turn = number % (2 if kind == "binary" else len(classes))
                if kind == "multilabel":
                    target = (generator.random(len(classes)) < 0.1).astype(int)
                    target[turn] = generator.random() < 0.8
                else:
                    target = np.array([turn])
                if self.flag in ("chestmnist", "pneumoniamnist"):
                    shown = {6: 1.0} if kind == "binary" and turn else {}
                    if kind == "multilabel":
                        shown = {int(finding): 1.0 for finding in np.flatnonzero(target)}
                    image = chest(generator, self.size, shown)
                elif self.flag == "retinamnist":
                    image = fundus(generator, self.size, lesions=3 * turn)[0]
                else:
                    image = texture(generator, self.size, turn, channels)
                images.append(image)
                labels.append(target)
            arrays[f"{part}_images"] = np.stack(images)
            arrays[f"{part}_labels"] = np.stack(labels).astype(np.uint8)
        root.mkdir(parents=True, exist_ok=True)
        np.savez(self._file(root), **arrays)

    def _checked(self, path: Path, part: str) -> Any:
        """The labels of a split as floats, after a look at shapes, number format and range."""
        labels = _array(path, path.stat().st_mtime_ns, f"{part}_labels")
        found, dtype = _shape(path, f"{part}_images")
        classes = len(self.task.classes)
        several = self.task.kind == "multilabel"
        shape = (len(labels), self.size, self.size, *((3,) if self.channels == 3 else ()))
        if found != shape or dtype != "uint8":
            raise DataError(
                f"{path}: {part}_images is {dtype} of shape {found}, expected uint8 of shape {shape}. "
                "Fetch the file of this flag and size."
            )
        highest = 1 if several or self.task.kind == "binary" else classes - 1
        if labels.shape != (len(labels), classes if several else 1) or not 0 <= labels.min() <= labels.max() <= highest:
            raise DataError(
                f"{path}: {part}_labels is of shape {labels.shape} with values from {labels.min()} to {labels.max()}, "
                f"expected "
                f"(N, {classes if several else 1}) with values from 0 to {highest}. Fetch the file of this flag."
            )
        return labels.astype(float)

    def _file(self, root: Path) -> Path:
        return root / (f"{self.flag}.npz" if self.size == 28 else f"{self.flag}_{self.size}.npz")

    def _path(self, root: Path) -> Path:
        path = self._file(root)
        if not path.is_file():
            raise self.not_found(root, f"found no {path.name}")
        return path


@lru_cache(maxsize=6)  # images and labels of three splits
def _array(path: Path, changed: int, name: str) -> Any:
    """An array of a file; ``changed`` is the file's time of change, so that a new file is read anew."""
    import numpy as np

    with _opened(path, name), np.load(path, allow_pickle=False) as file:
        return file[name]


def _shape(path: Path, name: str) -> tuple[tuple[int, ...], str]:
    """Shape and number format of an array, from its header alone."""
    from numpy.lib import format as npy

    with _opened(path, name), zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
        return shape, str(dtype)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[None]:
    """Turns what goes wrong while an array is read into an error that names the file.

    Raises:
        DataError: if it is no npz file of the format, or damaged.
    """
    try:
        yield
    except KeyError as error:
        with zipfile.ZipFile(path) as archive:
            found = sorted(member.removesuffix(".npy") for member in archive.namelist())
        raise DataError(f"{path} lacks {name}; found {found}. Fetch the file again.") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as an npz file: {error}. Fetch it again.") from error
