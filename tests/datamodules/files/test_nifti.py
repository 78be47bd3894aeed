"""NIfTI files: read as nibabel reads them; what declares more than it holds, or no orientation, is refused by name."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamodules.files.volume_files import read_grid, read_volume
from specs.errors import DataError

FORMATS = ("u1", "i1", "<i2", ">i2", "<u2", "<i4", "<f4", ">f8")


def saved(path: Path, values: Any, **fields: Any) -> Path:
    """A file by nibabel, with header fields that are set behind its back."""
    image = nibabel.Nifti1Image(values, np.diag([2.0, 3.0, 4.0, 1.0]))
    image.set_data_dtype(values.dtype)
    content = bytearray(image.to_bytes())
    header = nibabel.Nifti1Header(bytes(content[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    content[:348] = header.binaryblock
    path.write_bytes(gzip.compress(bytes(content)) if path.suffix == ".gz" else bytes(content))
    return path


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FORMATS), st.sampled_from((0.0, 1.0, 0.5, -2.0)), st.sampled_from((0.0, -1024.0)), st.booleans())
def test_values_and_places_are_those_that_nibabel_reads(
    tmp_path: Path, kind: str, slope: float, intercept: float, packed: bool
) -> None:
    values = np.random.default_rng(1).integers(0, 100, (3, 4, 5)).astype(kind)
    path = tmp_path / ("a.nii.gz" if packed else "a.nii")
    header = nibabel.Nifti1Header(endianness=">" if ">" in kind else "<")
    image = nibabel.Nifti1Image(values, np.diag([-2.0, 3.0, 4.0, 1.0]), header)
    image.set_data_dtype(values.dtype)
    content = bytearray(image.to_bytes())
    own = nibabel.Nifti1Header(bytes(content[:348]))
    own["scl_slope"], own["scl_inter"] = slope, intercept
    content[:348] = own.binaryblock
    path.write_bytes(gzip.compress(bytes(content)) if packed else bytes(content))
    judge = nibabel.load(path)
    found, grid = read_volume(path)
    assert np.allclose(found, judge.get_fdata(), rtol=1e-6)
    assert np.array_equal(grid.affine, judge.affine)
    assert grid.shape == judge.shape


def test_lengths_in_other_units_are_brought_to_mm(tmp_path: Path) -> None:
    values = np.zeros((2, 2, 2), np.int16)
    assert read_grid(saved(tmp_path / "m.nii", values, xyzt_units=1)).sides == (2000, 3000, 4000)
    assert read_grid(saved(tmp_path / "u.nii", values, xyzt_units=3)).sides == pytest.approx((0.002, 0.003, 0.004))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no orientation": ({"sform_code": 0, "qform_code": 0}, "does not say how it is oriented"),
    "four axes": ({"dim": [4, 2, 2, 2, 3, 1, 1, 1]}, "declares 2 x 2 x 2 x 3; expected one volume of three axes"),
    "no voxels": ({"dim": [3, 0, 2, 2, 1, 1, 1, 1]}, "declares 0 x 2 x 2 voxels"),
    "negative": ({"dim": [3, -5, 2, 2, 1, 1, 1, 1]}, "voxels"),
    "too many": ({"dim": [3, 30000, 30000, 2, 1, 1, 1, 1]}, "536,870,912 are read at most"),
    "more than it holds": ({"dim": [3, 200, 200, 200, 1, 1, 1, 1]}, "16,000,352 bytes, more than it can hold"),
    "a singular matrix": ({"srow_x": [2, 3, 0, 0], "srow_y": [2, 3, 0, 0]}, "singular matrix"),
    "no spacing": ({"srow_y": [0, 0, 0, 0]}, "a voxel measures 2 x 0 x 4 mm"),
    "an infinite matrix": ({"srow_y": [0, np.inf, 0, 0]}, "infinite or none"),
    "another file": ({"magic": b"ni1"}, "its voxels are in another file"),
    "no magic": ({"magic": b""}, "does not say that it is NIfTI"),
    "colors": ({"datatype": 128, "bitpix": 24}, "expected one number each"),
    "a far start": ({"vox_offset": 1e9}, "begin at byte 1e"),
    "an infinite intercept": ({"scl_slope": 2.0, "scl_inter": np.inf}, "scales values by 2 and adds inf"),
}


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("what", REFUSED)
def test_a_header_that_cannot_be_so_is_refused_by_name(what: str, ending: str, tmp_path: Path) -> None:
    fields, message = REFUSED[what]
    path = saved(tmp_path / f"odd{ending}", np.arange(8, dtype=np.int16).reshape(2, 2, 2), **fields)
    with pytest.raises(DataError, match=rf"odd\{ending} .*{message}"):
        read_volume(path)


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "changed": lambda content: content[:-6] + bytes([content[-6] ^ 1]) + content[-5:],
    "no header": lambda content: gzip.compress(b"short"),
    "nothing": lambda content: b"",
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_file_is_refused(how: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 9999, (20, 20, 20)).astype(np.int16)
    path = saved(tmp_path / "a.nii.gz", noise)
    path.write_bytes(DAMAGED[how](path.read_bytes()))
    with pytest.raises(DataError, match=r"a\.nii\.gz"):
        read_volume(path)


def test_several_packed_members_are_read_as_one_file(tmp_path: Path) -> None:
    content = gzip.decompress(saved(tmp_path / "a.nii.gz", np.arange(8, dtype=np.int16).reshape(2, 2, 2)).read_bytes())
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content[:355]) + gzip.compress(content[355:]) + b"\0" * 9)
    assert np.array_equal(read_volume(tmp_path / "b.nii.gz")[0], np.arange(8).reshape(2, 2, 2))


def test_a_file_that_unpacks_to_far_more_than_it_declares_takes_no_memory(tmp_path: Path) -> None:
    start = gzip.decompress(saved(tmp_path / "a.nii.gz", np.zeros((2, 2, 2), np.int16)).read_bytes())
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(start + bytes(2**26), 1))
    tracemalloc.start()
    assert read_volume(tmp_path / "bomb.nii.gz")[0].shape == (2, 2, 2)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.nii").mkdir()
    for name, message in (("gone.nii", "is missing"), ("folder.nii", "it is a folder"), ("a.txt", "ends in .txt")):
        with pytest.raises(DataError, match=message):
            read_volume(tmp_path / name)
