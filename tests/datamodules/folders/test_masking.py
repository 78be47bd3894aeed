"""Masks of several classes in a folder of one's own: what is which class, what is refused, and what is seen of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from datamodules.folder import Folder
from specs.errors import DataError, UsageError
from specs.task import IGNORED

DRAWN = np.kron(np.array([[0, 1], [2, 3]], np.uint8), np.ones((4, 4), np.uint8))
"""Quarters: background, first class, second class, and what nobody labelled."""

EXPECTED = np.where(DRAWN == 3, IGNORED, DRAWN)


def folder(root: Path, **arguments: Any) -> Folder:
    return Folder(str(root), kind="segmentation", classes=("kidney", "tumour"), **arguments)


def saved(root: Path, masks: dict[str, NDArray[Any] | Image.Image]) -> Path:
    """A folder of one image and its masks, by their names."""
    for name, content in {"images/a.png": np.full((8, 8), 7, np.uint8), **masks}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image = content if isinstance(content, Image.Image) else Image.fromarray(content)
        image.save(root / name)
    return root


def read(dataset: Folder, root: Path) -> NDArray[np.uint8]:
    (sample,) = dataset.read_labels(root).samples
    return dataset.read_mask(root, sample)


def test_classes_have_the_values_that_are_said_and_one_to_the_next_unless_said(tmp_path: Path) -> None:
    root = saved(tmp_path, {"masks/a.png": np.array([0, 50, 200, 9], np.uint8)[DRAWN]})
    assert (read(folder(root, values=(50, 200), ignored=(9,)), root) == EXPECTED).all()
    assert (read(folder(root, values=((50, 9), 200)), root) == np.array([0, 1, 2, 1])[DRAWN]).all()
    with pytest.raises(DataError, match=r"has the values 9, 50, 200; expected 0, 1, 2\. Say what they are: values="):
        read(folder(root), root)
    saved(tmp_path, {"masks/a.png": np.where(DRAWN == 3, 0, DRAWN)})
    assert (read(folder(root), root) == np.where(DRAWN == 3, 0, DRAWN)).all()


COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 128, 255], [10, 20, 30]], np.uint8)


def in_palette() -> Image.Image:
    image = Image.fromarray(DRAWN, mode="P")
    image.putpalette(COLORS.ravel().tolist())
    return image


@pytest.mark.parametrize("mask", [Image.fromarray(COLORS[DRAWN]), in_palette()], ids=["in color", "with a palette"])
def test_classes_have_the_colors_that_are_said(mask: Image.Image, tmp_path: Path) -> None:
    root = saved(tmp_path, {"masks/a.png": mask})
    assert (read(folder(root, values=("#ff0000", "#0080FF"), ignored=("#0a141e",)), root) == EXPECTED).all()
    with pytest.raises(DataError, match=r"has the colors #0a141e; expected #000000, #0080ff, #ff0000"):
        read(folder(root, values=("#ff0000", "#0080ff")), root)


def test_a_palette_may_be_read_by_its_indices(tmp_path: Path) -> None:
    root = saved(tmp_path, {"masks/a.png": in_palette()})
    assert (read(folder(root, ignored=(3,)), root) == EXPECTED).all()


def test_colors_are_not_looked_for_in_numbers_or_under_transparency(tmp_path: Path) -> None:
    colors = ("#ff0000", "#0080ff")
    root = saved(tmp_path, {"masks/a.png": DRAWN.astype(np.uint16)})
    with pytest.raises(DataError, match=r"has values \(I;16\) and no colors"):
        read(folder(root, values=colors), root)
    clear = np.dstack([COLORS[DRAWN], np.full((8, 8), 254, np.uint8)])
    saved(root, {"masks/a.png": Image.fromarray(clear)})
    with pytest.raises(DataError, match="has transparent pixels"):
        read(folder(root, values=colors), root)


def test_each_class_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    masks = {f"masks/a_{name}.png": (number == DRAWN) * np.uint8(255) for number, name in ((1, "k"), (2, "t"))}
    root = saved(tmp_path, dict(masks))
    found = read(folder(root, mask_suffix=("_k", "_t")), root)
    assert (found == np.where(DRAWN == 3, 0, DRAWN)).all()
    (tmp_path / "masks/a_t.png").unlink()
    with pytest.raises(DataError, match=r"1 images have no mask in masks/, such as .* _t behind it"):
        read(folder(root, mask_suffix=("_k", "_t")), root)


def test_overlapping_files_are_refused_unless_the_later_class_lies_on_the_earlier(tmp_path: Path) -> None:
    masks = {"k/a.png": (DRAWN > 0) * np.uint8(255), "t/a.png": (DRAWN == 2) * np.uint8(255)}
    root = saved(tmp_path, dict(masks))
    with pytest.raises(DataError, match=r"mark the same pixels as kidney and tumour.*overlap=\"later\""):
        read(folder(root, masks=("k", "t")), root)
    found = read(folder(root, masks=("k", "t"), overlap="later"), root)
    assert (found == np.array([0, 1, 2, 1])[DRAWN]).all()
    saved(root, {"t/a.png": np.zeros((4, 4), np.uint8)})
    with pytest.raises(DataError, match=r"are of 8 x 8 and 4 x 4 pixels, expected one size"):
        read(folder(root, masks=("k", "t")), root)


def test_masks_of_a_second_observer_are_read_alike_and_are_no_images(tmp_path: Path) -> None:
    root = saved(tmp_path, {"images/a_1.png": DRAWN % 3, "images/a_2.png": (DRAWN == 2) * np.uint8(2)})
    dataset = folder(root, masks="images", mask_suffix="_1", second="_2")
    (sample,) = dataset.read_labels(root).samples
    assert sample.id == "images/a.png"
    assert (dataset.read_mask(root, sample) == DRAWN % 3).all()
    assert (dataset.second_mask(root, sample) == (DRAWN == 2) * 2).all()
    (root / "images/a_2.png").unlink()
    assert dataset.read_labels(root).samples == (sample,)  # which looks for files anew
    assert dataset.second_mask(root, sample) is None
    assert folder(root, masks="images", mask_suffix="_1").second_mask(root, sample) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": (1,)}, r"expected what marks each of 2 classes, found 1"),
        ({"values": (1, 1)}, r"expected different marks"),
        ({"values": (0, 1)}, r"none of them 0"),
        ({"values": (1, 2), "ignored": (2,)}, r"expected different marks"),
        ({"values": ("#ff0000", 2)}, r"or colors such as #ff0000 alone"),
        ({"values": ("red", "blue")}, r"or colors such as #ff0000 alone"),
        ({"masks": ("a", "b", "c")}, r"one for each of several classes, found 3 for 2"),
        ({"masks": ("a", "b"), "second": "_2"}, r"one mask file an image"),
        ({"mask_suffix": "_2", "second": "_2"}, r"found \"_2\".*whose name ends otherwise"),
        ({"masks": ("a", "b"), "values": (1, 2)}, r"for several classes in one file"),
        ({"foreground": (1, 2)}, r"which\s+values are which class is said by values|Which values are which class"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        folder(Path("x"), **arguments)
