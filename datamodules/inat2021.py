"""iNat2021: photographs of 10,000 species (Van Horn et al. 2021), multiclass, from species up to kingdom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from datamodules.labels.class_folders import ClassFolderDataset, folders_in, images_in
from specs.errors import DataError
from specs.quoting import plain
from specs.titles import Words

LEVELS = ("kingdom", "phylum", "class", "order", "family", "genus", "species")

JSON_NAMES = (*LEVELS[:-1], "specific_epithet")
"""The names of the levels in the categories of the published JSON files."""

PHANTOM = (
    "Animalia Chordata Aves Passeriformes Turdidae Turdus merula",
    "Animalia Chordata Aves Passeriformes Turdidae Turdus migratorius",
    "Animalia Chordata Aves Passeriformes Corvidae Corvus corax",
    "Animalia Chordata Amphibia Anura Ranidae Rana temporaria",
    "Plantae Tracheophyta Magnoliopsida Fagales Fagaceae Quercus robur",
    "Plantae Tracheophyta Magnoliopsida Fagales Fagaceae Quercus rubra",
    "Plantae Tracheophyta Magnoliopsida Fagales Betulaceae Betula pendula",
    "Plantae Bryophyta Bryopsida Funariales Funariaceae Funaria hygrometrica",
)
"""Species of the phantom edition."""


@dataclass(frozen=True)
class Inat2021(ClassFolderDataset):
    """iNaturalist 2021. Its validation images test; 2 % of each species' training images validate.

    The taxonomy is read from ``val.json`` where that is there, else from the folders' names.

    Attributes:
        labels: the level of the taxonomy that labels are of; a label is the path down to it, since names repeat.
        subset: the training images: ``full`` (``train``) or ``mini`` (``train_mini``, 50 images of each species).
    """

    labels: Literal["kingdom", "phylum", "class", "order", "family", "genus", "species"] = "species"
    subset: Literal["full", "mini"] = "full"

    words: ClassVar[Words] = {"labels": "{labels} labels", "subset": {"mini": "mini"}}
    homepage: ClassVar[str] = "https://github.com/visipedia/inat_comp/tree/master/2021"
    licence: ClassVar[str] = "non-commercial research; each photograph has its own"
    by_hand: ClassVar[str] = (
        "It needs no form: the page names its archives, of 8 to 224 GB, and their md5 sums; fetch and unpack them."
    )
    layout: ClassVar[str] = (
        "  inat2021/\n"
        "    train/00000_Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris/....jpg\n"
        "      (or train_mini)\n"
        "    val/00000_Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris/....jpg\n"
        "    val.json   (may be missing)"
    )

    @property
    def published(self) -> Mapping[str, int]:
        """Counts of the competition's page."""
        return {"images": (2_686_843 if self.subset == "full" else 500_000) + 100_000, "test images": 100_000}

    def training_folder(self, root: Path) -> Path:
        """The folder ``train`` or ``train_mini``, by ``subset``."""
        return root / ("train" if self.subset == "full" else "train_mini")

    def test_images(self, root: Path) -> Iterator[tuple[str, Path]]:
        """The images in ``val``, with the names of their folders."""
        names = folders_in(root / "val")
        if not names:
            raise self.not_found(root, "found no folders of species in val")
        for name in names:
            for path in images_in(root / "val" / name):
                yield name, path

    def label_of_folder(self, root: Path) -> Mapping[str, str]:
        """The label of each folder: the path down the taxonomy, joined by underscores."""
        folder = self.training_folder(root)
        folders = folders_in(folder)
        if not folders:
            raise self.not_found(root, f"found no folders of species in {folder.name}")
        known = _taxonomy(root / "val.json")
        depth = LEVELS.index(self.labels) + 1
        labels = {}
        for name in folders:
            path = known.get(name) if known else tuple(name.split("_")[1:])
            if path is None or len(path) != len(LEVELS):
                why = "val.json has no such category" if known else "the name is no taxonomy"
                raise DataError(
                    f"{folder / name}: {why}. Expected a folder such as "
                    "00000_Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris; remove it, or "
                    "fetch the files again."
                )
            labels[name] = "_".join(path[:depth])
        return labels

    def write_phantom(self, root: Path) -> None:
        """Eight species of drawn textures in the kingdom's color, 30 and 10 images each, 64 x 64, with JSON files."""
        import numpy as np
        from PIL import Image

        from datamodules.phantoms.phantom_images import texture

        categories = [
            {"id": number, "name": " ".join(parts[-2:]), "supercategory": parts[2]}
            | dict(zip(JSON_NAMES, parts, strict=True))
            | {"image_dir_name": f"{number:05d}_{'_'.join(parts)}"}
            for number, parts in enumerate(text.split() for text in PHANTOM)
        ]
        training = self.training_folder(root).name
        for folder, count in ((training, 30), ("val", 10)):
            images: list[dict[str, object]] = []
            for number, category in enumerate(categories):
                place = root / folder / str(category["image_dir_name"])
                place.mkdir(parents=True)
                for instance in range(count):
                    generator = np.random.default_rng([21, number, count, instance])
                    pixels = texture(generator, 64, number, 3)
                    tint = np.array([0.7, 1.0, 0.6] if category["kingdom"] == "Plantae" else [1.0, 0.8, 0.6])
                    path = place / f"{number:08x}-{instance:04x}.jpg"
                    Image.fromarray((pixels * tint).astype(np.uint8)).save(path, quality=90)
                    images.append({"id": len(images), "file_name": path.relative_to(root).as_posix()})
            annotations = [{"id": n, "image_id": n, "category_id": n // count} for n in range(len(images))]
            found = {"images": images, "categories": categories, "annotations": annotations}
            (root / f"{folder}.json").write_text(json.dumps(found), encoding="utf-8")


_READ: dict[tuple[Path, int], dict[str, tuple[str, ...]]] = {}


def _taxonomy(path: Path) -> dict[str, tuple[str, ...]]:
    """The levels of each species by folder, as a JSON file has them; empty if it is not there.

    Raises:
        DataError: if it is there and not of the published form.
    """
    if not path.is_file():
        return {}
    key = path, path.stat().st_mtime_ns
    if key not in _READ:
        try:
            categories = json.loads(path.read_text(encoding="utf-8"))["categories"]
            _READ[key] = {
                str(one["image_dir_name"]): tuple(str(one[name]).replace(" ", "-") for name in JSON_NAMES)
                for one in categories
            }
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(
                f"{path} cannot be read ({type(error).__name__}: {plain(error)}). Expected categories with "
                f"image_dir_name and {', '.join(JSON_NAMES)}; fetch it again, or remove it and the folders' names are "
                "used."
            ) from error
    return _READ[key]
