"""HAM10000, ISIC 2018 and BUSI: their contracts, and what their files are like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.busi import Busi
from datamodules.ham10000 import DIAGNOSES, Ham10000
from datamodules.isic2018 import MASKS, Isic2018
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestHam10000(DatasetContract):
    expression = "ham10000"


class TestIsic2018(DatasetContract):
    expression = "isic2018"


class TestBusi(DatasetContract):
    expression = "busi"


def test_images_of_one_lesion_stay_together_and_are_found_in_both_folders(tmp_path: Path) -> None:
    root = ensure_phantom(parse("ham10000"), tmp_path)
    samples = Ham10000().read_labels(root).samples
    assert len(samples) == 280
    assert len({sample.patient for sample in samples}) == 210
    assert {sample.source.split("/")[0][-1] for sample in samples} == {"1", "2"}
    joined = root / "HAM10000_images"
    joined.mkdir()
    for path in root.glob("HAM10000_images_part_*/*.jpg"):
        path.rename(joined / path.name)
    again = Ham10000().read_labels(root).samples
    assert [sample._replace(source="") for sample in again] == [sample._replace(source="") for sample in samples]
    assert all(Ham10000().files(root, sample)[0].is_file() for sample in again)


def test_the_published_counts_add_up() -> None:
    published = Ham10000().published
    assert sum(published[name] for name in DIAGNOSES.values()) == published["images"] == 10_015


def test_a_diagnosis_that_is_none_is_refused(tmp_path: Path) -> None:
    root = ensure_phantom(parse("ham10000"), tmp_path)
    table = root / "HAM10000_metadata.csv"
    table.write_text(table.read_text().replace(",nv,", ",naevus,", 1))
    with pytest.raises(DataError, match=r'HAM10000_metadata\.csv, line \d+: dx is "naevus", expected one of akiec'):
        Ham10000().index(root)


def test_an_image_without_a_mask_is_named(tmp_path: Path) -> None:
    root = ensure_phantom(parse("isic2018"), tmp_path / "isic")
    (root / MASKS / "ISIC_0000007_segmentation.png").unlink()
    with pytest.raises(DataError, match=f"1 masks are missing, such as {MASKS}/ISIC_0000007_segmentation.png"):
        Isic2018().index(root)
    root = ensure_phantom(parse("busi"), tmp_path / "busi")
    next(root.rglob("malignant (2)_mask.png")).unlink()
    with pytest.raises(DataError, match=r"1 images have no mask, such as malignant/malignant \(2\)\.png"):
        Busi().index(root)


def test_several_masks_of_an_image_are_one_and_have_to_be_alike_in_size(tmp_path: Path) -> None:
    root, dataset = ensure_phantom(parse("busi"), tmp_path), Busi()
    sample, *_ = [one for one in dataset.read_labels(root).samples if len(dataset.files(root, one)) == 3]
    _, first, second = dataset.files(root, sample)
    parts = [np.asarray(Image.open(path)) > 0 for path in (first, second)]
    assert all(part.any() for part in parts)
    assert np.array_equal(dataset.read_mask(root, sample), parts[0] | parts[1])
    Image.new("L", (3, 3)).save(second)
    with pytest.raises(DataError, match=r"_mask_1\.png is of shape \(3, 3\)"):
        dataset.read_mask(root, sample)


def test_an_image_without_a_mass_has_an_empty_mask(tmp_path: Path) -> None:
    root, dataset = ensure_phantom(parse("busi"), tmp_path), Busi()
    normal = [one for one in dataset.read_labels(root).samples if one.id.startswith("normal/")]
    assert len(normal) == 10
    assert not any(dataset.read_mask(root, one).any() for one in normal)
