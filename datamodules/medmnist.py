"""MedMNIST: twelve small 2D datasets in one format (Yang et al. 2023), such as medmnist("pneumoniamnist")."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from datamodules.dataset.contract import SPLITS, Dataset, Labels
from datamodules.dataset.open_file import OpenFile
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.files.arrays import UNREADABLE, read_array, shape_in
from datamodules.files.images import content_digest
from specs.errors import DataError
from specs.quoting import names, plain
from specs.task import Kind, Task
from specs.titles import Words

if TYPE_CHECKING:
    from datamodules.dataset.contract import Pixels

Flag = Literal[
    "pathmnist", "chestmnist", "dermamnist", "octmnist", "pneumoniamnist", "retinamnist", "breastmnist", "bloodmnist",
    "tissuemnist", "organamnist", "organcmnist", "organsmnist",
]  # fmt: skip

NAMES = {
    "pathmnist": "PathMNIST", "chestmnist": "ChestMNIST", "dermamnist": "DermaMNIST", "octmnist": "OCTMNIST",
    "pneumoniamnist": "PneumoniaMNIST", "retinamnist": "RetinaMNIST", "breastmnist": "BreastMNIST",
    "bloodmnist": "BloodMNIST", "tissuemnist": "TissueMNIST", "organamnist": "OrganAMNIST",
    "organcmnist": "OrganCMNIST", "organsmnist": "OrganSMNIST",
}  # fmt: skip
"""The names of the datasets as their publishers write them (https://medmnist.com)."""

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
"""The collections that the images come from (Yang et al. 2023, https://doi.org/10.1038/s41597-022-01721-8, section
"Methods")."""

MD5: dict[str, dict[int, str]] = {
    "pathmnist": {
        28: "a8b06965200029087d5bd730944a56c1", 64: "55aa9c1e0525abe5a6b9d8343a507616",
        128: "ac42d08fb904d92c244187169d1fd1d9", 224: "2c51a510bcdc9cf8ddb2af93af1eadec",
    },
    "chestmnist": {
        28: "02c8a6516a18b556561a56cbdd36c4a8", 64: "9de6cd0b934ebb5b7426cfba5efbae16",
        128: "db107e5590b27930b62dbaf558aebee3", 224: "45bd33e6f06c3e8cdb481c74a89152aa",
    },
    "dermamnist": {
        28: "0744692d530f8e62ec473284d019b0c7", 64: "b70a2f5635c6199aeaa28c31d7202e1f",
        128: "2defd784463fa5243564e855ed717de1", 224: "8974907d8e169bef5f5b96bc506ae45d",
    },
    "octmnist": {
        28: "c68d92d5b585d8d81f7112f81e2d0842", 64: "e229e9440236b774d9f0dfef9d07bdaf",
        128: "0a97e76651ace45c5d943ee3f65b63ae", 224: "abc493b6d529d5de7569faaef2773ba3",
    },
    "pneumoniamnist": {
        28: "28209eda62fecd6e6a2d98b1501bb15f", 64: "8f4eceb4ccffa70c672198ea285246c6",
        128: "05b46931834c231683c68f40c47b2971", 224: "d6a3c71de1b945ea11211b03746c1fe1",
    },
    "retinamnist": {
        28: "bd4c0672f1bba3e3a89f0e4e876791e4", 64: "afda852cc34dcda56f86ad2b2457dbcc",
        128: "e48e916a24454daf90583d4e6efb1a18", 224: "eae7e3b6f3fcbda4ae613ebdcbe35348",
    },
    "breastmnist": {
        28: "750601b1f35ba3300ea97c75c52ff8f6", 64: "742edef2a1fd1524b2efff4bd7ba9364",
        128: "363e4b3f8d712e9b5de15470a2aaadf1", 224: "b56378a6eefa9fed602bb16d192d4c8b",
    },
    "bloodmnist": {
        28: "7053d0359d879ad8a5505303e11de1dc", 64: "2b94928a2ae4916078ca51e05b6b800b",
        128: "adace1e0ed228fccda1f39692059dd4c", 224: "b718ff6835fcbdb22ba9eacccd7b2601",
    },
    "tissuemnist": {
        28: "ebe78ee8b05294063de985d821c1c34b", 64: "123ece2eba09d0aa5d698fda57103344",
        128: "61b955355d7425a89687b06cca3ce0c2", 224: "b077128c4a949f0a4eb01517f9037b9c",
    },
    "organamnist": {
        28: "68e3f8846a6bd62f0c9bf841c0d9eacc", 64: "2dcccc29b88e6da5a01161ef20cda288",
        128: "eeae80d0a227a8d099027e1b3cfd3b60", 224: "50747347e05c87dd3aaf92c49f9f3170",
    },
    "organcmnist": {
        28: "b9ceb9546e10131b32923c5bbeaea2b1", 64: "3ce34a8724ea6f548e6db4744d03b6a9",
        128: "773c1f009daa3fe5d9a2a201b2a7ed94", 224: "050f5e875dc056f6768abf94ec9995d1",
    },
    "organsmnist": {
        28: "9ab87b696fb54e2a387ebe992d6ed5f1", 64: "53a6d115339d874c25e309a994ff46d3",
        128: "ded0c5fa01a95dc4978b956f613e9b8e", 224: "b354719e553fbbb2513d5533f52a4cb1",
    },
}  # fmt: skip
"""The MD5 checksum of each file, by the size of its images, as MedMNIST publishes them (version 3.0.2 of its package,
in https://github.com/MedMNIST/MedMNIST/blob/main/medmnist/info.py)."""

PARTS: dict[Split, str] = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class MedMNIST(Dataset):
    """One MedMNIST file with its own splits.

    MedMNIST publishes no patients, so each image counts as its own. The ordinal grades of retinamnist are treated
    as classes.

    Attributes:
        flag: the name that MedMNIST gives the dataset, such as ``pneumoniamnist``.
        size: height and width of the images, in pixels; 28 is the original, larger ones are MedMNIST+.
    """

    flag: Flag = "pneumoniamnist"
    size: Literal[28, 64, 128, 224] = 28

    phantom_version: ClassVar[int] = 2  # 2: pneumonia with look-alikes and doubtful labels, fainter lesions
    title: ClassVar[str] = "{flag}"
    words: ClassVar[Words] = {"flag": NAMES, "size": "{size} pixels"}
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
        """The task as MedMNIST defines it."""
        kind, _, classes = FLAGS[self.flag]
        return Task(kind, classes)

    @property
    def taken_from(self) -> tuple[str, ...]:
        """The collection that MedMNIST took the images from."""
        return (SOURCES[self.flag],)

    @property
    def channels(self) -> int:
        """The number of channels of the dataset's images, 1 or 3."""
        return FLAGS[self.flag][1]

    @property
    def open_files(self) -> tuple[OpenFile, ...]:
        """The one npz file of the dataset, on Zenodo."""
        name = self._file(Path()).name
        licence = "CC BY-NC 4.0" if self.flag == "dermamnist" else "CC BY 4.0"
        return (OpenFile(name, f"{self.homepage}/files/{name}?download=1", licence, md5=MD5[self.flag][self.size]),)

    def read_labels(self, root: Path) -> Labels:
        """The images of the file's three parts."""
        path, samples = self._path(root), []
        for part in PARTS.values():
            for number, target in enumerate(self._checked(path, part).tolist()):
                name = f"{part}-{number}"
                samples.append(Sample(name, name, tuple(target), f"{part}:{number}"))
        return Labels(tuple(samples))

    def own_split(self, root: Path, samples: tuple[Sample, ...]) -> dict[Split, list[Sample]]:
        """The splits of the file itself."""
        return {split: [s for s in samples if s.source.startswith(PARTS[split] + ":")] for split in SPLITS}

    def content(self, root: Path, samples: tuple[Sample, ...]) -> str:
        """The digest of the file."""
        return content_digest(self.files(root, samples[0]))

    def files(self, root: Path, sample: Sample) -> tuple[Path, ...]:
        """The npz file, which holds all images."""
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

        from datamodules.phantoms.phantom_images import chest, doubtful_chest, fundus, texture

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
                if self.flag == "chestmnist":
                    image = chest(generator, self.size, {int(finding): 1.0 for finding in np.flatnonzero(target)})
                elif self.flag == "pneumoniamnist":
                    image, label = doubtful_chest(generator, self.size, turn == 1, 4, contrast=0.3)
                    target = np.array([label])
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
        if labels.ndim != 2 or labels.dtype.kind not in "ui" or not labels.size:
            raise DataError(
                f"{path}: {part}_labels is {labels.dtype} of shape {labels.shape}, expected whole numbers of shape "
                f"(N, {len(self.task.classes) if self.task.kind == 'multilabel' else 1}), at least one. Fetch the file "
                "of this flag."
            )
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
    with _opened(path, name):
        return read_array(path, name)


def _shape(path: Path, name: str) -> tuple[tuple[int, ...], str]:
    """Shape and number format of an array, from its header alone."""
    with _opened(path, name):
        return shape_in(path, name)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[None]:
    """Turn errors in reading an array of a file into one that names the file.

    Raises:
        DataError: if it is no npz file of the format, or damaged.
    """
    try:
        yield
    except KeyError as error:
        with zipfile.ZipFile(path) as archive:
            found = sorted(member.removesuffix(".npy") for member in archive.namelist())
        raise DataError(f"{path} lacks {name}; found {names(found)}. Fetch the file again.") from error
    except UNREADABLE as error:
        raise DataError(f"{path} cannot be read as an npz file: {plain(error, 200)}. Fetch it again.") from error
