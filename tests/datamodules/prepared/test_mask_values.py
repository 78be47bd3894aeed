"""Masks that hold one value each, and not the same one, are never merged without a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.folder import Folder
from datamodules.prepared.opening import open_dataset
from datamodules.prepared.preparation import prepare
from specs.errors import DataError
from specs.recipe import Form


def ward(root: Path, values: list[int]) -> None:
    """An image and a mask for each value, of which 0 is an empty one."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for number, value in enumerate(values):
        image = np.full((8, 8), 3 * number, np.uint8)
        mask = np.zeros((8, 8), np.uint8)
        mask[2:5, 2:6] = value
        Image.fromarray(image).save(root / "images" / f"{number:02d}.png")
        Image.fromarray(mask).save(root / "masks" / f"{number:02d}.png")


def opened(tmp_path: Path, **arguments: object) -> object:
    dataset = Folder(path="ward", kind="segmentation", classes=("lesion",), **arguments)  # type: ignore[arg-type]
    root, store = tmp_path / "ward", tmp_path / "store"
    prepare(dataset, root, store, [Form(8)], jobs=1)
    return open_dataset(dataset, "ward", root, store)


def test_one_value_is_one_for_all_masks(tmp_path: Path) -> None:
    ward(tmp_path / "ward", [1] * 15 + [2] * 4 + [0])
    with pytest.raises(DataError) as refused:
        opened(tmp_path)
    assert "by different values: 1 in 15 (such as images/" in str(refused.value)
    assert "2 in 4 (such as images/" in str(refused.value)
    assert "foreground=(1, 2)" in str(refused.value)


@pytest.mark.parametrize(
    ("values", "foreground"),
    [([255] * 18 + [0, 0], "one value"), ([1] * 12 + [2] * 8, (1, 2)), ([1] * 12 + [2] * 8, "above 0")],
)
def test_one_value_in_all_or_what_is_declared_is_taken(values: list[int], foreground: object, tmp_path: Path) -> None:
    ward(tmp_path / "ward", values)
    assert opened(tmp_path, foreground=foreground)
