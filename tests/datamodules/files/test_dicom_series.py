"""Folders of DICOM slices as volumes: order by place in the body, and what is no whole series refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK
from numpy.typing import NDArray

from datamodules.files.dicom_series import series_of
from datamodules.files.volume_files import first_look, read_grid, read_volume
from datamodules.slicing.drawing import write_series
from datamodules.slicing.planes import plane_of
from specs.errors import DataError
from tests.datamodules.slicing.geometry import rotation

VALUES = np.random.default_rng(4).integers(-1000, 1000, (5, 4, 6)).astype(np.int16)


def oblique() -> NDArray[np.float64]:
    """A matrix of sagittal slices, turned by some degrees, whose third axis is at right angles to the others."""
    affine = np.eye(4)
    affine[:3, :3] = rotation((5, -8, 11)) @ np.array([[0, 0, 3.0], [0.8, 0, 0], [0, -0.7, 0]])
    affine[:3, 2] *= np.sign(np.linalg.det(np.diag([-1, -1, 1]) @ affine[:3, :3]))
    affine[:3, 3] = [10, -40, 70]
    return affine


def changed(folder: Path, number: int, **elements: Any) -> str:
    """Change elements of one of the files, by its place in the body, and say its name."""
    by_place = sorted(folder.iterdir(), key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])
    dataset = pydicom.dcmread(by_place[number])
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        elif name == "PixelPaddingValue":
            dataset.add_new(name, "SS", value)
        else:
            setattr(dataset, name, value)
    dataset.save_as(by_place[number])
    return by_place[number].name


def test_slices_are_ordered_by_their_places_and_the_matrix_is_that_of_itk(tmp_path: Path) -> None:
    affine = oblique()
    write_series(tmp_path / "ct", VALUES, affine)
    values, grid = read_volume(tmp_path / "ct")
    assert np.array_equal(values, VALUES)
    assert np.allclose(grid.affine, affine, atol=1e-4)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "ct")))
    judge = reader.Execute()
    assert np.array_equal(SimpleITK.GetArrayFromImage(judge).T, values)
    corner = judge.TransformIndexToPhysicalPoint((4, 3, 5))
    assert np.allclose(np.multiply(corner, (-1, -1, 1)), (grid.affine @ [4, 3, 5, 1])[:3], atol=1e-3)


def test_a_first_look_tells_the_slices_of_every_axis(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", VALUES, oblique())
    look, whole = first_look(tmp_path / "ct"), read_grid(tmp_path / "ct")
    for axis in ("axial", "coronal", "sagittal", "acquired"):
        assert plane_of(look.affine, axis) == plane_of(whole.affine, axis)  # type: ignore[arg-type]
    assert look.shape == whole.shape


def test_each_file_is_rescaled_by_its_own_slope_and_intercept_and_padding_is_no_number(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", VALUES, np.diag([-1.0, -1.0, 2.0, 1.0]))
    changed(tmp_path / "ct", 1, RescaleSlope=2, RescaleIntercept=5, PixelPaddingValue=int(VALUES[2, 3, 1]) + 1024)
    values, _ = read_volume(tmp_path / "ct")
    expected = 2.0 * (VALUES[..., 1] + 1024) + 5
    expected[VALUES[..., 1] == VALUES[2, 3, 1]] = np.nan
    assert np.array_equal(values[..., 1], expected, equal_nan=True)
    assert np.array_equal(values[..., 2], VALUES[..., 2])


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"ImagePositionPatient": [0, 0, 4]}, r"\d+\.dcm and \d+\.dcm lie at the same place"),
        ({"ImagePositionPatient": [0, 0, 7]}, r"lie \d.* mm apart, and neighbouring slices 2 mm: a gap"),
        ({"ImagePositionPatient": [3, 0, 6]}, "lies .* mm beside the line of the others"),
        ({"ImageOrientationPatient": [0, 1, 0, 1, 0, 0]}, "are oriented differently"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "not at right angles"),
        ({"SeriesInstanceUID": "1.2.3"}, "are of different series"),
        ({"PixelSpacing": [1, 2]}, "pixels of different sizes"),
        ({"PixelSpacing": [0, 1]}, "no place or spacing"),
        ({"Rows": 2, "Columns": 10}, "are of .* pixels"),
        ({"ImagePositionPatient": None}, "does not say where its slice lies"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "its color model is MONOCHROME1"),
    ],
)
def test_what_is_no_whole_series_is_refused_by_name(elements: dict[str, Any], message: str, tmp_path: Path) -> None:
    write_series(tmp_path / "ct", VALUES, np.diag([-1.0, -1.0, 2.0, 1.0]))
    name = changed(tmp_path / "ct", 3, **elements)
    with pytest.raises(DataError, match=message) as refused:
        read_volume(tmp_path / "ct")
    assert name in str(refused.value)


def test_a_transfer_syntax_that_is_none_and_an_element_of_no_known_kind_are_refused(tmp_path: Path) -> None:
    for name, old, new in (("syntax", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.1.1"), ("kind", b"DS", b"DP")):
        write_series(tmp_path / name, VALUES, np.diag([-1.0, -1.0, 2.0, 1.0]))
        path = next((tmp_path / name).iterdir())
        content = path.read_bytes()
        place = content.rindex(old)  # the last DS is that of the rescaling's slope
        path.write_bytes(content[:place] + new + content[place + len(new) :])
        with pytest.raises(DataError, match=f"{path.name} .* its header or rescaling cannot be used"):
            read_volume(tmp_path / name)


def test_an_id_of_a_series_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", VALUES, np.diag([-1.0, -1.0, 2.0, 1.0]))
    path = next((tmp_path / "ct").iterdir())
    path.write_bytes(path.read_bytes().replace(b"\x20\x00\x0e\x00UI", b"\x20\x00\x0e\x00U\r"))
    with pytest.raises(DataError, match="does not say where its slice lies"):
        read_volume(tmp_path / "ct")
    assert series_of(path) is None


def test_a_slice_that_is_missing_in_the_middle_is_a_gap(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", VALUES, np.diag([-1.0, -1.0, 2.0, 1.0]))
    (tmp_path / "ct" / changed(tmp_path / "ct", 2)).unlink()
    with pytest.raises(DataError, match="lie 4 mm apart, and neighbouring slices 2 mm: a gap"):
        read_volume(tmp_path / "ct")


def test_a_folder_without_slices_is_named_and_other_files_in_it_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty holds no DICOM files"):
        read_volume(tmp_path / "empty")
    write_series(tmp_path / "ct", VALUES, np.diag([-1.0, -1.0, 2.0, 1.0]))
    (tmp_path / "ct" / "LICENSE").write_text("none")
    assert read_volume(tmp_path / "ct")[0].shape == VALUES.shape
