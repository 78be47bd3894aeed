"""Image files as hospitals and publishers have them: each read as documented, or refused with its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import RLELossless

from datamodules.files import images
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


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("tag", range(1, 9))
def test_a_photograph_is_upright_as_its_orientation_tag_says(tag: int, deep: bool, ending: str, tmp_path: Path) -> None:
    """EXIF 2.32, Orientation: which sides the first row and the first column are of the picture that is seen."""
    upright = RAMP.astype(np.uint16) * 257 if deep else RAMP
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: upright.T[::-1], 7: upright.T[::-1, ::-1], 8: upright.T[:, ::-1],
    }[tag]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / f"a.{ending}", exif=exif)
    assert np.array_equal(read_gray(tmp_path / f"a.{ending}"), RAMP)
    assert read_rgb(tmp_path / f"a.{ending}").shape == (*RAMP.shape, 3)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tags=st.binary(max_size=80), little=st.booleans())
def test_odd_tags_never_keep_a_picture_from_being_read(tags: bytes, little: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    tags += bytes(10)  # Pillow's writer looks into the first ones
    start = b"Exif\0\0" + (b"II*\0\x08\0\0\0" if little else b"MM\0*\0\0\0\x08")
    Image.fromarray(RAMP).save(path, quality=100, exif=start + tags)
    assert sorted(read_gray(path).shape) == [20, 30]


def test_what_was_not_measured_is_0_and_does_not_change_the_range(tmp_path: Path) -> None:
    values = RAMP.astype(np.float32)
    values[3] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    expected = np.where(np.isnan(values), 0, RAMP)
    assert np.array_equal(read_gray(tmp_path / "a.tif"), expected)


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (np.full((20, 30), np.nan), "none of its values is a number"),
        (np.where(RAMP == 255, np.inf, RAMP), "it has infinite values"),
        (np.where(RAMP == 255, 1e30, RAMP), r"its values reach from 0 to 1e\+30, and 599 of its 600 pixels would be"),
    ],
)
def test_values_of_which_no_picture_can_be_made_are_refused_by_name(odd: np.ndarray, why: str, tmp_path: Path) -> None:
    Image.fromarray(odd.astype(np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=rf"a\.tif .*{why}.*Convert it to 8 or 16 bits"):
        read_gray(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", ["EPS", "PPM", "BMP", "WEBP", "ICO"])
def test_other_formats_are_never_decoded_whatever_a_file_is_called(kind: str, tmp_path: Path) -> None:
    """PostScript would be handed to Ghostscript."""
    Image.fromarray(RAMP).convert("RGB").save(tmp_path / "a.png", format=kind)
    with pytest.raises(DataError, match=r"by its content it is .*PNG, JPEG, TIFF, GIF.* DICOM"):
        read_gray(tmp_path / "a.png")


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(RAMP).save(tmp_path / "a.png")
    monkeypatch.setattr(images, "MOST_PIXELS", RAMP.size - 1)
    with pytest.raises(DataError, match=r"30 x 20 pixels, .* as are read\. Make it smaller"):
        read_gray(tmp_path / "a.png")
    monkeypatch.setattr(images, "MOST_PIXELS", RAMP.size)
    assert np.array_equal(read_gray(tmp_path / "a.png"), RAMP)


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


def test_a_dicom_of_several_frames_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    write_dicom(path, RAMP)
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames, dataset.Rows = 2, 10
    dataset.save_as(path)
    with pytest.raises(DataError, match=r"image\.dcm .*it has 2 frames; expected one\. Write each frame that counts"):
        read_dicom(path)


def test_the_digest_of_files_is_of_their_bytes_and_order(tmp_path: Path) -> None:
    for name, data in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / name).write_bytes(data)
    a, b, c = (tmp_path / name for name in "abc")
    assert content_digest([a, b]) == content_digest([c, b])
    assert len({content_digest(paths) for paths in ([a, b], [b, a], [a], [a, b, c])}) == 4
