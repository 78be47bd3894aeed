"""ImageNet: photographs of 1,000 classes (Russakovsky et al. 2015), multiclass, by class or by coarser labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from datamodules.files.tables import rows
from datamodules.labels.class_folders import ClassFolderDataset, folders_in, images_in
from datamodules.labels.label_files import filled, once
from specs.errors import DataError
from specs.quoting import plain
from specs.titles import Words

VALIDATION_TABLE = "LOC_val_solution.csv"
"""The table that names the classes of the validation images in Kaggle's archive, where they lie in one folder."""

PHANTOM = {
    "n01440764": "fish", "n01443537": "fish", "n01484850": "fish", "n01514668": "bird", "n01530575": "bird",
    "n01532829": "bird",
}  # fmt: skip
"""Classes of the phantom edition, with a coarser label for each."""


@dataclass(frozen=True)
class Imagenet(ClassFolderDataset):
    """ILSVRC 2012. Its validation images test; 2 % of each class's training images validate.

    Attributes:
        labels: the labels of class folders: ``classes`` (WordNet ids, as the folders are named), or a file of
            comma-separated values with the columns ``class`` and ``label`` that joins them to coarser ones, absolute or
            under the dataset's folder.
    """

    labels: str = "classes"

    words: ClassVar[Words] = {"labels": "coarser labels"}
    homepage: ClassVar[str] = "https://www.image-net.org/download.php"
    licence: ClassVar[str] = "non-commercial research, on registration"
    by_hand: ClassVar[str] = "It is given to researchers who have registered and accepted its terms."
    layout: ClassVar[str] = (
        "  imagenet/\n"
        "    train/n01440764/n01440764_10026.JPEG ...\n"
        "    val/n01440764/ILSVRC2012_val_00000293.JPEG ...\n"
        "  or as Kaggle has it\n"
        "    LOC_val_solution.csv\n"
        "    Data/CLS-LOC/train/n01440764/n01440764_10026.JPEG ...\n"
        "    Data/CLS-LOC/val/ILSVRC2012_val_00000001.JPEG ..."
    )

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of ILSVRC 2012 (Russakovsky et al. 2015, table 2)."""
        if self.classes and self.labels == "classes" and len(self.classes) < 1000:
            return {}  # some of the classes: no counts are published
        return {"images": 1_281_167 + 50_000, "test images": 50_000}

    @property
    def membership(self) -> frozenset[str]:
        """The arguments of the base class and ``labels``, whose effect is in the class numbers of the samples."""
        return super().membership | {"labels"}

    def training_folder(self, root: Path) -> Path:
        """The folder ``train``, in the layout of ILSVRC or of Kaggle."""
        return _base(root) / "train"

    def test_images(self, root: Path) -> Iterator[tuple[str, Path]]:
        """The images of ``val``, with the class that their folder or Kaggle's table names."""
        folder = _base(root) / "val"
        if names := folders_in(folder):
            for name in names:
                for path in images_in(folder / name):
                    yield name, path
            return
        table = root / VALIDATION_TABLE
        if not folder.is_dir() or not table.is_file():
            raise self.not_found(root, f"found no folders of classes in val, nor val with {VALIDATION_TABLE},")
        seen: set[str] = set()
        for line, (image, prediction) in rows(table, ("ImageId", "PredictionString")):
            once(seen, image, table, line)
            if "/" in image or "\\" in image:
                raise DataError(f"{table}, line {line}: {plain(image)} is no name of an image. Fetch the file again.")
            yield filled(prediction, table, line, "PredictionString").split()[0], folder / f"{image}.JPEG"

    def label_of_folder(self, root: Path) -> Mapping[str, str]:
        """The folder's own name, or what the file of coarser labels says."""
        folders = folders_in(self.training_folder(root))
        if not folders:
            raise self.not_found(root, "found no folders of classes in train")
        if self.labels == "classes":
            return {name: name for name in folders}
        path = root / self.labels
        coarser, seen = {}, set[str]()
        for line, (name, label) in rows(path, ("class", "label")):
            once(seen, name, path, line)
            coarser[name] = filled(label, path, line, "label")
        if missing := [name for name in folders if name not in coarser]:
            raise DataError(
                f"{path} has no label for {len(missing)} classes, such as {missing[0]}. Expected one row for each "
                f"folder in {self.training_folder(root)}."
            )
        return {name: coarser[name] for name in folders}

    def write_phantom(self, root: Path) -> None:
        """Six classes of drawn textures, 30 training and 10 validation images each, 64 x 64, and ``coarse.csv``."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import texture

        table = ["class,label"] + [f"{name},{label}" for name, label in PHANTOM.items()]
        (root / "coarse.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
        for number, name in enumerate(PHANTOM):
            for folder, count in (("train", 30), ("val", 10)):
                (root / folder / name).mkdir(parents=True)
                for instance in range(count):
                    generator = np.random.default_rng([12, number, count, instance])
                    image = Image.fromarray(texture(generator, 64, number, 3))
                    tested = f"ILSVRC2012_val_{number * 10 + instance + 1:08d}"
                    stem = tested if folder == "val" else f"{name}_{instance}"
                    image.save(root / folder / name / f"{stem}.JPEG", quality=90)


def _base(root: Path) -> Path:
    inner = root / "Data" / "CLS-LOC"
    return inner if inner.is_dir() else root
