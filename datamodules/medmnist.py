"""MedMNIST: twelve small 2D datasets in one format (Yang et al. 2023), such as medmnist("pneumoniamnist")."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from datamodules.contract import Dataset, Index, Sample
from datamodules.files import content_digest
from specs.errors import DataError
from specs.task import Kind, Task

if TYPE_CHECKING:
    from datamodules.contract import Pixels

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

PARTS = {"train": "train", "validation": "val", "test": "test"}


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
    def channels(self) -> int:
        """1 or 3, by the dataset."""
        return FLAGS[self.flag][1]

    def index(self, root: Path) -> Index:
        """The splits of the file."""
        path = self._path(root)
        splits = {}
        for split, part in PARTS.items():
            labels = self._checked(path, part)
            splits[split] = tuple(
                Sample(f"{part}-{number}", f"{part}-{number}", tuple(target), f"{part}:{number}")
                for number, target in enumerate(labels.tolist())
            )
        return Index(splits["train"], splits["validation"], splits["test"], content_digest([path]))

    def read_image(self, root: Path, sample: Sample) -> Pixels:
        """One image of the file."""
        part, number = sample.source.split(":")
        image: Pixels = _load(self._path(root))[f"{part}_images"][int(number)]
        return image

    def write_phantom(self, root: Path) -> None:
        """A file of 160, 60 and 120 drawn images with a shape or texture per class."""
        import numpy as np

        from datamodules.phantom_images import chest, fundus, texture

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
        images, labels = (_load(path)[f"{part}_{what}"] for what in ("images", "labels"))
        classes = len(self.task.classes)
        several = self.task.kind == "multilabel"
        shape = (len(labels), self.size, self.size, *((3,) if self.channels == 3 else ()))
        if images.shape != shape or images.dtype != "uint8":
            raise DataError(
                f"{path}: {part}_images is {images.dtype} of shape {images.shape}, expected uint8 of shape {shape}. "
                "Fetch the file of this flag and size."
            )
        highest = 1 if several or self.task.kind == "binary" else classes - 1
        if labels.shape != (len(labels), classes if several else 1) or not 0 <= labels.min() <= labels.max() <= highest:
            raise DataError(
                f"{path}: {part}_labels is of shape {labels.shape} with values up to {labels.max()}, expected "
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


_LOADED: dict[tuple[Path, int], dict[str, Any]] = {}


def _load(path: Path) -> dict[str, Any]:
    """The arrays of a file, kept for the process.

    Raises:
        DataError: if it is no npz file of the format, or damaged.
    """
    key = path, path.stat().st_mtime_ns
    if key not in _LOADED:
        import zipfile
        import zlib

        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as file:
                _LOADED[key] = {name: file[name] for name in file.files}
        except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"{path} cannot be read as an npz file: {error}. Fetch it again.") from error
        wanted = {f"{part}_{what}" for part in PARTS.values() for what in ("images", "labels")}
        if wanted - set(_LOADED[key]):
            found = sorted(_LOADED.pop(key))
            raise DataError(f"{path} lacks {sorted(wanted - set(found))}; found {found}. Fetch the file again.")
    return _LOADED[key]
