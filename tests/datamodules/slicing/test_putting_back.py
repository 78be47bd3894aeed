"""Masks of slices become a volume in the very geometry of the file: nibabel is the judge."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from datamodules.files.grid import Grid
from datamodules.files.nifti import write_nifti
from datamodules.files.volume_files import read_grid
from datamodules.slicing.drawing import write_series
from datamodules.slicing.planes import Axis, plane_of
from datamodules.slicing.putting_back import put_back, volume_of_slices
from specs.errors import DataError, UsageError
from tests.datamodules.slicing.geometry import affines

AXES: tuple[Axis, ...] = ("axial", "coronal", "sagittal", "acquired")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(affines(), st.sampled_from(AXES), st.booleans(), st.booleans())
def test_a_file_has_the_matrix_and_shape_of_its_input_and_each_voxel_in_its_place(
    tmp_path: Path, affine: NDArray[np.float64], axis: Axis, second: bool, by_qform: bool
) -> None:
    mask = np.random.default_rng(5).integers(0, 3, (4, 5, 3)).astype(np.uint8)
    kind = nibabel.Nifti2Image if second else nibabel.Nifti1Image
    image = kind(np.zeros(mask.shape, np.int16), affine)
    image.set_sform(affine, code=0 if by_qform else 2)
    image.set_qform(affine, code=1)
    nibabel.save(image, tmp_path / "image.nii.gz")
    before = nibabel.load(tmp_path / "image.nii.gz")
    slices = plane_of(before.affine, axis).stacked(mask)
    put_back(dict(enumerate(slices)), tmp_path / "image.nii.gz", axis, tmp_path / "mask.nii.gz")
    after = nibabel.load(tmp_path / "mask.nii.gz")
    assert np.array_equal(after.affine, before.affine)
    assert type(after) is type(before)
    assert after.shape == before.shape
    assert np.array_equal(np.asanyarray(after.dataobj), mask)
    for field in ("qform_code", "sform_code", "xyzt_units", "pixdim"):
        assert np.array_equal(after.header[field], before.header[field])


def test_a_file_of_four_axes_of_which_the_last_is_one_keeps_them(tmp_path: Path) -> None:
    nibabel.save(
        nibabel.Nifti1Image(np.zeros((2, 3, 4, 1), np.float32), np.eye(4)), tmp_path / "image.nii"
    )  # fmt: skip
    put_back(dict(enumerate(np.ones((4, 3, 2), np.uint8))), tmp_path / "image.nii", "acquired", tmp_path / "mask.nii")
    assert nibabel.load(tmp_path / "mask.nii").shape == (2, 3, 4, 1)


def test_a_series_becomes_a_file_at_its_place(tmp_path: Path) -> None:
    affine = np.diag([-2.0, -2.0, 5.0, 1.0])
    affine[:3, 3] = [30, 20, -100]
    mask = np.random.default_rng(6).integers(0, 2, (6, 4, 3)).astype(np.uint8)
    write_series(tmp_path / "ct", np.zeros((6, 4, 3), np.int16), affine)
    put_back(dict(enumerate(plane_of(affine, "axial").stacked(mask))), tmp_path / "ct", "axial", tmp_path / "m.nii.gz")
    found = nibabel.load(tmp_path / "m.nii.gz")
    assert np.allclose(found.affine, affine)
    assert np.array_equal(np.asanyarray(found.dataobj), mask)


def test_masks_of_another_size_are_brought_to_that_of_the_slices() -> None:
    grid = Grid((8, 6, 2), np.eye(4))
    large = np.kron(np.eye(2, dtype=np.uint8), np.ones((12, 16), np.uint8))
    found = volume_of_slices({0: large, 1: large}, grid, "acquired")
    assert np.array_equal(found[..., 0].T, np.kron(np.eye(2), np.ones((3, 4))))


def test_a_slice_without_a_mask_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    write_nifti(tmp_path / "image.nii", np.zeros((2, 2, 3), np.int16), np.eye(4))
    masks = {0: np.ones((2, 2), np.uint8), 2: np.ones((2, 2), np.uint8), 7: np.ones((2, 2), np.uint8)}
    with pytest.raises(DataError, match=r"expected all 3 of the volume; without a mask: 1, and of no slice: 7"):
        put_back(masks, tmp_path / "image.nii", "axial", tmp_path / "mask.nii")
    with pytest.raises(UsageError, match="ends otherwise"):
        put_back(masks, tmp_path / "image.nii", "axial", tmp_path / "mask.png")
    assert [path.name for path in tmp_path.iterdir()] == ["image.nii"]
    assert read_grid(tmp_path / "image.nii").shape == (2, 2, 3)
