"""Masks are found by the names of their images, with what publishers write behind them; none is its own image."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.folder import Folder
from specs.errors import DataError, UsageError


def png(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((8, 8), 90, np.uint8)
    pixels[:2] = value
    pixels[2:] = pixels[2:] if "mask" not in str(path) else 0
    Image.fromarray(pixels).save(path)


def lesions(**arguments: str) -> Folder:
    return Folder(kind="segmentation", classes=("lesion",), **arguments)  # type: ignore[arg-type]


def pairs(dataset: Folder, root: Path) -> dict[str, str]:
    index = dataset.index(root)
    samples = (*index.train, *index.validation, *index.test)
    return {dataset.files(root, one)[0].name: dataset.files(root, one)[1].name for one in samples}


def test_names_of_masks_may_have_a_suffix_and_another_ending(tmp_path: Path) -> None:
    for name in ("ISIC_1", "ISIC_2", "1.2.840_high"):
        png(tmp_path / "images" / f"{name}.PNG")
        png(tmp_path / "masks" / f"{name}_segmentation.tif", 1)
    assert pairs(lesions(mask_suffix="_segmentation"), tmp_path) == {
        f"{name}.PNG": f"{name}_segmentation.tif" for name in ("ISIC_1", "ISIC_2", "1.2.840_high")
    }
    with pytest.raises(DataError, match=r"3 images have no mask .* but one with more behind it: mask_suffix='_segment"):
        lesions().index(tmp_path)


@pytest.mark.parametrize("cell", ["images", "images/", "./images", "."])
def test_a_row_that_names_a_folder_is_refused(cell: str, tmp_path: Path) -> None:
    for number in range(10):
        png(tmp_path / "images" / f"{number}.png")
        png(tmp_path / "masks" / f"{number}.png", 1)
    rows = ["image", *(f"images/{number}.png" for number in range(10)), cell]
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match=r"images|names no file"):
        lesions(table="labels.csv").index(tmp_path)


def test_images_and_masks_may_be_in_one_folder(tmp_path: Path) -> None:
    for number in range(3):
        png(tmp_path / "images" / f"benign ({number}).png")
        png(tmp_path / "images" / f"benign ({number})_mask.png", 255)
    dataset = lesions(masks="images", mask_suffix="_mask")
    assert pairs(dataset, tmp_path) == {f"benign ({n}).png": f"benign ({n})_mask.png" for n in range(3)}
    assert dataset.read_mask(tmp_path, dataset.index(tmp_path).train[0]).sum() == 16
    png(tmp_path / "images" / "benign (1)_mask_1.png", 255)
    with pytest.raises(DataError, match=r"_mask_1\.png seems to be one more mask of benign \(1\)"):
        dataset.index(tmp_path)


@pytest.mark.parametrize("how", ["the folder", "a link to the folder", "a hard link"])
def test_an_image_is_not_its_own_mask_by_whatever_name(how: str, tmp_path: Path) -> None:
    for number in range(3):
        png(tmp_path / "images" / f"{number}.png")
    masks = "images" if how == "the folder" else "masks"
    if how == "a link to the folder":
        (tmp_path / "masks").symlink_to(tmp_path / "images")
    elif how == "a hard link":
        (tmp_path / "masks").mkdir()
        for number in range(3):
            (tmp_path / "masks" / f"{number}.png").hardlink_to(tmp_path / "images" / f"{number}.png")
    with pytest.raises(DataError, match=r"0\.png would be its own mask.*mask_suffix"):
        lesions(masks=masks).index(tmp_path)


def test_a_copy_of_the_image_is_no_mask(tmp_path: Path) -> None:
    for number in range(3):
        png(tmp_path / "images" / f"{number}.png")
    shutil.copytree(tmp_path / "images", tmp_path / "masks")
    dataset = lesions()
    with pytest.raises(DataError, match=r"masks/.\.png .* is a copy of the image .*images/"):
        dataset.read_mask(tmp_path, dataset.index(tmp_path).train[0])


def test_a_fraction_is_a_share_and_an_order_a_number_from_0_on() -> None:
    with pytest.raises(UsageError, match=r"fraction is a share in \(0, 1\]"):
        Folder(fraction=2.0)
    with pytest.raises(UsageError, match="order is a number from 0 on, found -1"):
        Folder(order=-1)
