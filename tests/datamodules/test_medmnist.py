"""MedMNIST: its contract for every kind of task, and the real file at hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from datamodules.medmnist import FLAGS, MedMNIST
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestPneumoniaMNIST(DatasetContract):
    expression = "medmnist"
    drawn = ()


class TestChestMNIST(DatasetContract):
    expression = 'medmnist("chestmnist")'
    drawn = ()


class TestRetinaMNIST(DatasetContract):
    expression = 'medmnist("retinamnist")'
    drawn = ()


class TestBloodMNIST(DatasetContract):
    expression = 'medmnist("bloodmnist")'
    drawn = ()


def test_every_file_has_a_checksum_of_its_own() -> None:
    """As many as MedMNIST publishes; one was looked up again by hand for each size and the licence of dermamnist."""
    sizes = (28, 64, 128, 224)
    files = {(flag, size): MedMNIST(flag, size).open_files[0] for flag in FLAGS for size in sizes}  # type: ignore[arg-type]
    assert len({file.md5 for file in files.values()}) == len({file.name for file in files.values()}) == 12 * 4
    assert files["pneumoniamnist", 28].url == "https://zenodo.org/records/10519652/files/pneumoniamnist.npz?download=1"
    assert files["pneumoniamnist", 28].md5 == "28209eda62fecd6e6a2d98b1501bb15f"
    assert files["bloodmnist", 64].md5 == "2b94928a2ae4916078ca51e05b6b800b"
    assert files["pathmnist", 128].md5 == "ac42d08fb904d92c244187169d1fd1d9"
    assert files["organsmnist", 224].md5 == "b354719e553fbbb2513d5533f52a4cb1"
    assert {flag for (flag, _), file in files.items() if file.licence == "CC BY-NC 4.0"} == {"dermamnist"}


def test_the_real_pneumoniamnist_is_read_whole(real_data: Path) -> None:
    dataset, root = MedMNIST(), real_data / "medmnist"
    index = dataset.index(root)
    assert [len(index.train), len(index.validation), len(index.test)] == [3882, 524, 624]
    assert dataset.read_image(root, index.train[0]).shape == (28, 28)


def test_a_damaged_or_incomplete_npz_file_is_named(tmp_path: Path) -> None:
    path = ensure_phantom(parse("medmnist"), tmp_path) / "pneumoniamnist.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"pneumoniamnist\.npz cannot be read"):
        MedMNIST().index(path.parent)
    np.savez(path, train_images=np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(DataError, match=r"pneumoniamnist\.npz lacks .*train_labels"):
        MedMNIST().index(path.parent)


def test_a_file_of_another_flag_or_size_is_refused(tmp_path: Path) -> None:
    root = ensure_phantom(parse('medmnist("bloodmnist")'), tmp_path)
    (root / "bloodmnist.npz").rename(root / "pneumoniamnist.npz")
    with pytest.raises(DataError, match=r"train_images is uint8 of shape \(160, 28, 28, 3\), expected"):
        MedMNIST().index(root)
    root = ensure_phantom(parse('medmnist("octmnist")'), tmp_path)
    (root / "octmnist.npz").rename(root / "pneumoniamnist.npz")
    with pytest.raises(DataError, match=r"values from 0 to 3, expected .* from 0 to 1"):
        MedMNIST().index(root)


def test_a_split_may_show_a_single_class(tmp_path: Path) -> None:
    path = ensure_phantom(parse("medmnist"), tmp_path) / "pneumoniamnist.npz"
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **arrays | {"test_labels": np.zeros_like(arrays["test_labels"])})
    assert {sample.target for sample in MedMNIST().index(path.parent).test} == {(0.0,)}


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = ensure_phantom(parse("medmnist"), tmp_path) / "pneumoniamnist.npz"
    sample = MedMNIST().index(path.parent).train[0]
    before = MedMNIST().read_image(path.parent, sample)
    with np.load(path) as file:
        arrays = {name: 255 - array if name.endswith("images") else array for name, array in file.items()}
    np.savez(path, **arrays)
    os.utime(path, ns=(0, 0))  # another time, however coarse the file system's clock is
    assert np.array_equal(MedMNIST().read_image(path.parent, sample), 255 - before)


def test_labels_below_the_first_class_are_refused(tmp_path: Path) -> None:
    path = ensure_phantom(parse("medmnist"), tmp_path) / "pneumoniamnist.npz"
    with np.load(path) as file:
        arrays = dict(file)
    labels = arrays["train_labels"].astype(np.int64)
    labels[3] = -1
    np.savez(path, **arrays | {"train_labels": labels})
    with pytest.raises(DataError, match=r"train_labels .* values from -1 to 1, expected .* from 0 to 1"):
        MedMNIST().index(path.parent)
