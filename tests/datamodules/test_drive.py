"""DRIVE: its contract, and the real files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.drive import Drive
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestDrive(DatasetContract):
    expression = "drive"
    drawn = ()


def test_the_real_drive_has_its_published_size_and_masks(real_data: Path) -> None:
    dataset, root = Drive(), real_data / "drive"
    index = dataset.index(root)
    assert [len(index.train), len(index.validation), len(index.test)] == [16, 4, 20]
    for sample in (index.train[0], index.test[0]):
        assert dataset.read_image(root, sample).shape == (584, 565, 3)
        mask, view = dataset.read_mask(root, sample), dataset.read_field_of_view(root, sample)
        assert view is not None
        assert 0.05 < mask.mean() < 0.2
        assert 0.6 < view.mean() < 0.8
        assert (mask & ~view & 1).mean() < 0.001


def test_a_drive_without_test_masks_says_what_is_missing(tmp_path: Path) -> None:
    root = ensure_phantom(parse("drive"), tmp_path)
    shutil.rmtree(root / "test" / "1st_manual")
    with pytest.raises(DataError, match=r"20 of 120 files are missing, the first test/1st_manual/01_manual1\.gif"):
        Drive().index(root)


def test_vessels_and_field_of_view_are_what_is_not_background_and_have_two_values(tmp_path: Path) -> None:
    root = ensure_phantom(parse("drive"), tmp_path)
    sample = Drive().index(root).train[0]
    for path, read in zip(
        Drive().files(root, sample)[1:], (Drive().read_mask, Drive().read_field_of_view), strict=True
    ):
        Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).save(path)
        assert np.asarray(read(root, sample)).tolist() == [[0, 1], [1, 0]]
        Image.fromarray(np.array([[0, 127], [128, 255]], np.uint8)).save(path)
        with pytest.raises(DataError, match=rf"{path.name} has the values .*; expected 0 and one other\. Fetch it"):
            read(root, sample)
