"""Image files as hospitals and publishers have them: each read as documented, or refused with its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import RLELossless

from datamodules.files.dicom import read_dicom, shape, write_dicom
from datamodules.files.images import content_digest, read_gray, read_rgb
from specs.errors import DataError

RAMP = np.linspace(0, 255, 600).reshape(20, 30).astype(np.uint8)


def test_sixteen_bits_are_stretched_over_the_images_own_range(tmp_path: Path) -> None:
    deep = 1000 + 12 * RAMP.astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.array_equal(read_gray(tmp_path / "deep.png"), RAMP)
    Image.fromarray(np.full((4, 4), 5000, np.uint16)).save(tmp_path / "flat.png")
    assert (read_gray(tmp_path / "flat.png") == 0).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P", "LA", "1"])
def test_every_color_mode_is_read_as_gray_and_as_color(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    Image.fromarray(RAMP).convert(mode).save(path, quality=100)
    gray, color = read_gray(path), read_rgb(path)
    assert gray.shape == RAMP.shape
    assert color.shape == (*RAMP.shape, 3)
    if mode != "1":
        assert np.abs(gray.astype(int) - RAMP).max() <= 4
        assert np.abs(color.astype(int) - RAMP[..., None]).max() <= 4


@pytest.mark.parametrize("name", ["image.png", "image.jpg", "image.tif", "image.gif", "image.dcm"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.7])
def test_a_cut_file_is_named_with_its_size(name: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / name
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    if name.endswith(".dcm"):
        write_dicom(path, noise)
    else:
        Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    read = read_dicom if name.endswith(".dcm") else read_gray
    with pytest.raises(DataError, match=rf"{name} \({path.stat().st_size} bytes\) cannot be read"):
        read(path)


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    for name, read in (("a.png", read_gray), ("a.dcm", read_dicom)):
        (tmp_path / name).write_bytes(b"<html>please log in</html>" * 20)
        with pytest.raises(DataError, match=rf"{name} .*cannot be read"):
            read(tmp_path / name)
        with pytest.raises(DataError, match="missing"):
            read(tmp_path / f"no-{name}")


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    write_dicom(tmp_path / "two.dcm", RAMP)
    write_dicom(tmp_path / "one.dcm", 255 - RAMP, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(read_dicom(tmp_path / "two.dcm"), RAMP)
    assert np.array_equal(read_dicom(tmp_path / "one.dcm"), RAMP)


def test_deep_dicom_is_windowed_by_argument_then_by_its_own_window_then_by_its_range(tmp_path: Path) -> None:
    units = np.linspace(-1000, 1000, 600).reshape(20, 30).round().astype(np.int16)
    slope = {"RescaleSlope": 2, "RescaleIntercept": -1000}
    stored = ((units + 1000) / 2).astype(np.int16)
    write_dicom(tmp_path / "plain.dcm", stored, **slope)
    write_dicom(tmp_path / "own.dcm", stored, WindowCenter=[0, 40], WindowWidth=[200, 80], **slope)
    plain, own = read_dicom(tmp_path / "plain.dcm"), read_dicom(tmp_path / "own.dcm")
    assert (plain.min(), plain.max()) == (0, 255)
    assert (own[units < -105] == 0).all()
    assert (own[units > 105] == 255).all()
    assert np.array_equal(
        read_dicom(tmp_path / "own.dcm", (0.0, 2001.0)), read_dicom(tmp_path / "plain.dcm", (0.0, 2001.0))
    )


def test_compressed_dicom_is_read(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    write_dicom(path, RAMP)
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    dataset.save_as(path)
    assert np.array_equal(read_dicom(path), RAMP)
    assert shape(path) == RAMP.shape


def test_a_dicom_of_several_frames_or_colors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    write_dicom(path, RAMP)
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames, dataset.Rows = 2, 10
    dataset.save_as(path)
    with pytest.raises(DataError, match=r"image\.dcm .*expected one gray image"):
        read_dicom(path)


def test_the_digest_of_files_is_of_their_bytes_and_order(tmp_path: Path) -> None:
    for name, data in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / name).write_bytes(data)
    a, b, c = (tmp_path / name for name in "abc")
    assert content_digest([a, b]) == content_digest([c, b])
    assert len({content_digest(paths) for paths in ([a, b], [b, a], [a], [a, b, c])}) == 4
