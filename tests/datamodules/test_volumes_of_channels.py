"""Volumes of several channels, as files of their own or along a fourth axis: nibabel and NumPy are the judges."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from datamodules.dataset.contract import Index
from datamodules.dataset.sample import Sample
from datamodules.files.itk_volumes import write_itk
from datamodules.phantoms.phantom import ensure_phantom, phantom_root
from datamodules.slicing.cases import Pattern, told_apart
from datamodules.volumes import Volumes
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS

AFFINE = np.diag([1.0, 1.0, 3.0, 1.0])
SHAPE = (6, 5, 4)
TWO = Volumes(images=("*/t1.nii.gz", "*/t2.nii"), masks="*/seg.nii.gz", axis="acquired")
FOUR = Volumes(images="images/*.nii.gz", masks="labels/*.nii.gz", axis="acquired", channels_named=("a", "b", "c", "d"))


def save(path: Path, values: Any, affine: Any = AFFINE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, affine), path)


def noise(*seed: int) -> Any:
    return np.random.default_rng(seed).integers(-99, 999, SHAPE).astype(np.int16) * (1 + seed[-1])


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Four cases with two channels each in files of their own, and the same cases with four in one file."""
    for number in range(1, 5):
        case = f"case {number}"
        save(tmp_path / case / "t1.nii.gz", noise(number, 0))
        save(tmp_path / case / "t2.nii", noise(number, 1))
        mask = np.full(SHAPE, number % 2, np.uint8)
        save(tmp_path / case / "seg.nii.gz", mask)
        save(tmp_path / "images" / f"{case}.nii.gz", np.stack([noise(number, one) for one in range(4)], axis=-1))
        save(tmp_path / "labels" / f"{case}.nii.gz", mask)
    return tmp_path


def slice_of(index: Index, case: str, number: int) -> Sample:
    every = (*index.train, *index.validation, *index.test)
    return next(one for one in every if one.id == f"{case}/acquired-{number:03d}")


def shown(values: Any) -> Any:
    """The pixels of a volume in the window of its own percentiles."""
    low, high = np.percentile(values, (0.5, 99.5))
    return np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)


@pytest.mark.parametrize("dataset", [TWO, FOUR], ids=["files", "fourth axis"])
def test_each_channel_has_the_window_of_its_own_voxels(dataset: Volumes, cases: Path) -> None:
    image = dataset.read_image(cases, slice_of(dataset.index(cases), "case 3", 2))
    assert image.shape == (5, 6, dataset.channels)
    for channel in range(dataset.channels):
        expected = shown(noise(3, channel).astype(np.float64))[..., 2].T
        assert np.abs(image[..., channel] - expected).max() <= 1  # half a step may be rounded up or down


def test_channels_are_called_by_what_tells_their_files_apart_or_as_they_are_named(cases: Path) -> None:
    assert TWO.channel_names == ("t1", "t2")
    assert FOUR.channel_names == ("a", "b", "c", "d")
    assert dataclasses.replace(TWO, channels_named=("plain", "bright")).channel_names == ("plain", "bright")
    for paths, names in {
        ("*/*_flair.nii.gz", "*/*_t1.nii.gz", "*/*_t1ce.nii.gz"): ("flair", "t1", "t1ce"),
        ("imagesTr/*_0000.nii.gz", "imagesTr/*_0001.nii.gz"): ("0000", "0001"),
        ("ct/*.nii", "pet/*.nii"): ("ct", "pet"),
        ("*.nii", "*_t2.nii"): ("*.nii", "*_t2.nii"),
    }.items():
        assert told_apart([Pattern(path) for path in paths]) == names


def test_all_files_of_a_case_are_its_files_so_that_each_is_digested(cases: Path) -> None:
    sample = slice_of(TWO.index(cases), "case 3", 0)
    assert TWO.files(cases, sample) == tuple(cases / "case 3" / name for name in ("t1.nii.gz", "t2.nii", "seg.nii.gz"))


def test_a_channel_that_changes_on_the_disk_is_read_anew(cases: Path) -> None:
    sample = slice_of(TWO.index(cases), "case 3", 1)
    before = TWO.read_image(cases, sample)
    save(cases / "case 3" / "t2.nii", noise(77, 1).astype(np.float32))
    after = TWO.read_image(cases, sample)
    assert np.array_equal(after[..., 0], before[..., 0])
    assert not np.array_equal(after[..., 1], before[..., 1])


def test_names_of_channels_are_no_part_of_what_a_dataset_is() -> None:
    assert {"images", "channels_named"} <= TWO.membership
    named = parse('volumes(images=("*/t1.nii", "*/t2.nii"))')
    assert phantom_root(named, Path()) == phantom_root(parse(f"{str(named)[:-1]}, channels_named=())"), Path())


OTHERS = {
    "moved": (noise(3, 1), AFFINE + np.eye(4, k=3), "corners lie up to 1 mm apart"),
    "shorter": (noise(3, 1)[..., :3], AFFINE, "other numbers of voxels"),
}


@pytest.mark.parametrize("how", OTHERS)
def test_a_channel_on_another_grid_is_refused_with_both(how: str, cases: Path) -> None:
    values, affine, message = OTHERS[how]
    save(cases / "case 3" / "t2.nii", values, affine)
    with pytest.raises(DataError, match=f"{message}.* Resample the channel to the first channel") as refused:
        TWO.read_image(cases, slice_of(TWO.index(cases), "case 3", 0))
    assert "t2.nii is on another grid than its first channel" in str(refused.value)
    assert "6 x 5 x 4 voxels, matrix [1 0 0 0; 0 1 0 0; 0 0 3 0]" in str(refused.value)


def test_a_case_without_a_channel_is_named_or_left_out(cases: Path) -> None:
    (cases / "case 4" / "t2.nii").unlink()
    with pytest.raises(DataError, match=r"1 cases have no channel \*/t2\.nii, such as case 4"):
        TWO.index(cases)
    assert dataclasses.replace(TWO, missing="leave out").index(cases).excluded == {"case 4": "without a file"}


def test_a_file_of_another_number_of_channels_is_refused(cases: Path) -> None:
    with pytest.raises(DataError, match=r"declares 6 x 5 x 4 x 4; expected 3 channels along a fourth axis.* Name as"):
        dataclasses.replace(FOUR, channels_named=("a", "b", "c")).index(cases)
    with pytest.raises(DataError, match=r"declares 6 x 5 x 4 x 4; expected one volume of three axes.* name them"):
        dataclasses.replace(FOUR, channels_named=()).index(cases)
    for number in range(1, 5):
        write_itk(cases / f"case {number}" / "all.mha", noise(number, 0), AFFINE)
    with pytest.raises(DataError, match=r"all\.mha .*2 channels, and of files only NIfTI .*are read with several"):
        dataclasses.replace(TWO, images="*/all.mha", channels_named=("a", "b")).index(cases)


def test_a_file_of_too_many_values_is_refused_before_they_are_read(cases: Path) -> None:
    path = cases / "images" / "case 3.nii"
    save(path, np.zeros((2, 2, 2, 4), np.uint8))
    content = bytearray(path.read_bytes())
    content[40:56] = np.array([4, 30000, 3000, 3, 4, 1, 1, 1], "<i2").tobytes()
    path.write_bytes(content)
    with pytest.raises(DataError, match="declares 30,000 x 3,000 x 3 x 4 voxels; 536,870,912 are read at most"):
        dataclasses.replace(FOUR, images="images/*.nii").index(cases)


@pytest.mark.parametrize("dataset", [TWO, FOUR], ids=["files", "fourth axis"])
def test_a_mask_of_slices_is_put_back_on_the_grid_without_channels(dataset: Volumes, cases: Path) -> None:
    mask = np.random.default_rng(8).integers(0, 2, SHAPE).astype(np.uint8)
    named = {f"case 3/acquired-{number:03d}": mask[..., number].T for number in range(4)}
    dataset.put_back(cases, named, cases / "mask.nii.gz")
    written = nibabel.load(cases / "mask.nii.gz")
    assert np.array_equal(np.asanyarray(written.dataobj), mask)
    assert np.array_equal(written.affine, AFFINE)


@pytest.mark.parametrize(
    "expression",
    [
        'volumes(images=("*/*_t1.mha", "*/*_t2.nii"), masks="*/*_seg.nii.gz")',
        'volumes(images="*/a.nii.gz", channels_named=("t1", "t2"))',
    ],
)
def test_the_phantom_edition_has_channels_that_differ(expression: str, tmp_path: Path) -> None:
    root = ensure_phantom(parse(expression), tmp_path)
    dataset = DATASETS.build(expression)
    index = dataset.index(root)
    images = np.stack([dataset.read_image(root, sample) for sample in index.test])
    assert images.shape[1:] == (20, 24, 2)
    assert (images[..., 0] != images[..., 1]).any()
    assert any(dataset.read_mask(root, sample).any() for sample in index.test)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": ()}, "argument images"),
        ({"images": ("*/a.nii", "*/a.nii")}, "argument images"),
        ({"images": ("*/a.nii", "*/*_b.nii")}, "argument images"),
        ({"images": ("*/a.nii", "b.nii")}, "argument images"),
        ({"images": ("*/a.nii", "*/segmentation.nii.gz")}, "the same number of stars"),
        ({"images": ("*/a.nii", "*/b.nii"), "channels_named": ("a",)}, "argument channels_named"),
        ({"images": ("*/a.nii", "*/b.nii"), "channels_named": ("a", "a")}, "argument channels_named"),
        ({"channels_named": ("a", "")}, "argument channels_named"),
        ({"images": ("*/a.nii", "*/b.nii"), "neighbours": 1}, "arguments neighbours and images"),
        ({"channels_named": ("a", "b"), "neighbours": 1}, "arguments neighbours and images"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Volumes(**arguments)
