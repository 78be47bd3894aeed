"""MetaImage and NRRD: read where the voxels are in the file itself, refused where a header names other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from datamodules.files.itk_volumes import itk_grid, itk_values, write_itk
from datamodules.files.nifti import write_nifti
from datamodules.files.volume_files import read_volume
from specs.errors import DataError
from tests.datamodules.slicing.geometry import rotation

VALUES = np.random.default_rng(8).integers(-500, 500, (3, 4, 5)).astype(np.int16)


@pytest.mark.parametrize("ending", [".mha", ".nrrd"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_volume_lies_where_the_same_volume_as_nifti_by_itk_lies(ending: str, packed: bool, tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(VALUES.T)
    image.SetSpacing((0.5, 2.0, 3.0))
    image.SetDirection(rotation((10, -20, 30)).ravel().tolist())
    image.SetOrigin((5, -6, 7))
    SimpleITK.WriteImage(image, str(tmp_path / f"a{ending}"), useCompression=packed)
    SimpleITK.WriteImage(image, str(tmp_path / "a.nii.gz"))
    values, grid = read_volume(tmp_path / f"a{ending}")
    others, judge = read_volume(tmp_path / "a.nii.gz")
    assert np.array_equal(values, others)
    assert np.allclose(grid.affine, judge.affine, atol=1e-4)


@pytest.mark.parametrize("ending", [".mha", ".nrrd"])
def test_what_is_written_is_read_in_its_place(ending: str, tmp_path: Path) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation((4, 5, 6)) @ np.diag([-1.0, 2.0, 3.0])
    affine[:3, 3] = [1, 2, 3]
    write_itk(tmp_path / f"a{ending}", VALUES, affine)
    values, grid = read_volume(tmp_path / f"a{ending}")
    assert np.array_equal(values, VALUES)
    assert np.allclose(grid.affine, affine)


def header_of(tmp_path: Path, ending: str) -> tuple[Path, bytes]:
    write_itk(tmp_path / f"a{ending}", VALUES, np.eye(4))
    return tmp_path / f"a{ending}", (tmp_path / f"a{ending}").read_bytes()


@pytest.mark.parametrize(
    ("ending", "old", "new", "message"),
    [
        (".mha", b"ElementDataFile = LOCAL", b"ElementDataFile = /etc/passwd", r"in another file \(/etc/passwd\)"),
        (".mha", b"ElementDataFile = LOCAL", b"ElementDataFile = LIST", r"in another file \(LIST\)"),
        (".mha", b"TransformMatrix", b"TransformOddness", "how it is oriented: it lacks TransformMatrix"),
        (".mha", b"DimSize = 3 4 5", b"DimSize = 300 400 500", "120,000,000 bytes, more than it can hold"),
        (".mha", b"CompressedDataSize = ", b"CompressedDataSize = 9999999999", "packed bytes, more than it can hold"),
        (".mha", b"DimSize = 3 4 5", b"DimSize = 30000 40000 500", "are read at most"),
        (".nrrd", b"encoding:", b"data file: /etc/passwd\nencoding:", r"in another file \(/etc/passwd\)"),
        (".nrrd", b"encoding:", b"Datafile: x.raw\nencoding:", r"in another file \(x\.raw\)"),
        (".nrrd", b"encoding: gzip", b"encoding: bzip2", "encoded as bzip2; expected raw or gzip"),
        (".nrrd", b"space: left-posterior-superior", b"space dimension: 3", "does not say how it is oriented"),
        (".nrrd", b"sizes: 3 4 5", b"sizes: 300 400 500", "more than it can hold"),
        (".nrrd", b"encoding:", b"kinds: " + b"9" * 9000 + b"\nencoding:", "has a field twice: kinds: 9999"),
        (".nrrd", b"type: short", b"type: " + b"9" * 9000, "has a field too long: type: 9999"),
        (".nrrd", b"encoding:", b"data file: a:=b\nencoding:", r"in another file \(a:=b\)"),
        (".mha", b"NDims = 3\n", b"DimSize = 3 4 5\nNDims = 3\n", "its header has DimSize twice"),
        (".mha", b"ObjectType = Image\nNDims = 3\n", b"Offset = 0 0 0\nNDims = 3\n", "has Offset"),
        (".nrrd", b"encoding:", b"byte skip: -1\nencoding:", "has a field of no NRRD: byte skip: -1"),
        (".nrrd", b"encoding:", b"a=b: /etc/passwd\nencoding:", "has a line that is no field of NRRD: a=b"),
        (".nrrd", b"endian: little", b"endian: \xff", "has a line that is no field of NRRD: endian"),
        (".nrrd", b"\n\n", b"\n#", "its header does not end"),
    ],
)
def test_a_header_that_leads_away_or_cannot_be_so_is_refused(
    ending: str, old: bytes, new: bytes, message: str, tmp_path: Path
) -> None:
    path, content = header_of(tmp_path, ending)
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_volume(path)


@pytest.mark.parametrize("ending", [".mha", ".nrrd"])
def test_a_cut_file_or_one_of_another_kind_is_refused(ending: str, tmp_path: Path) -> None:
    path, content = header_of(tmp_path, ending)
    path.write_bytes(content[:-20])
    with pytest.raises(DataError, match=rf"a\{ending}"):
        read_volume(path)
    write_nifti(tmp_path / "b.nii", VALUES, np.eye(4))
    (tmp_path / "b.nii").rename(path)
    with pytest.raises(DataError, match="neither MetaImage nor NRRD"):
        read_volume(path)


@pytest.mark.parametrize("name", ["a.mhd", "a.nhdr", "a.hdr", "a.img"])
def test_formats_of_two_files_are_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("anything")
    with pytest.raises(DataError, match="its voxels are in another file"):
        read_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("line", "other", "why"),
    [
        (
            "NDims = 3",
            "NDims = 73",
            "says NDims = 73; expected one volume of 3 axes",
        ),
        ("NDims = 3", "NDims = 3\nNDims = 73", "has NDims twice"),
        ("DimSize = 3 4 5", "DimSize = 3 4 5 6 7", r"3 4 5 6 7 as DimSize; expected 3 numbers"),
        ("ElementSpacing = ", "ElementSpacing = x ", "as ElementSpacing; expected 3 numbers"),
        ("BinaryData = True", "BinaryData = True\nStrange = 1", "fields of no MetaImage: Strange"),
    ],
)
def test_a_header_by_which_itk_would_write_beyond_its_memory_is_refused_before(
    line: str, other: str, why: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mha"
    image = SimpleITK.GetImageFromArray(np.arange(60, dtype=np.int16).reshape(5, 4, 3))
    SimpleITK.WriteImage(image, str(path))
    assert itk_values(path)[1].shape == (3, 4, 5)
    data = path.read_bytes()
    assert data.count(line.encode()) == 1
    path.write_bytes(data.replace(line.encode(), other.encode()))
    for read in (itk_grid, itk_values):
        with pytest.raises(DataError, match=why):
            read(path)
    assert capfd.readouterr().err == ""


def test_voxels_that_are_cut_off_are_told_and_itks_own_lines_are_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mha"
    SimpleITK.WriteImage(
        SimpleITK.GetImageFromArray(np.arange(6000, dtype=np.int16).reshape(10, 20, 30)), str(path), True
    )
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"a\.mha"):
        itk_values(path)
    assert capfd.readouterr().err == ""
