"""Image files whose values Pillow shortens, wraps or does not know: read in full, or refused by what they are."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from datamodules.files.images import read_gray, read_rgb
from datamodules.files.masks import read_mask
from specs.errors import DataError
from tests.datamodules.files.tiff import write_tiff

RAMP = np.linspace(0, 255, 600).reshape(20, 30).astype(np.uint8)
COLOR = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=2)
DISC = (np.hypot(*np.mgrid[-9.5:10, -14.5:15]) < 8).astype(np.uint8)


def write_png(path: Path, values: np.ndarray, color: int) -> Path:
    """A PNG of 16 bits (ISO/IEC 15948, 11.2), which Pillow writes in gray alone; color type 2, 4 or 6."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = values.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    head = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def opaque(values: np.ndarray) -> np.ndarray:
    """With a channel that says that all is seen."""
    return np.concatenate([values, np.full((*values.shape[:2], 1), 65535, np.uint16)], axis=2)


@pytest.mark.parametrize("kind", ["png", "png with alpha", "tiff", "tiff of the other order"])
def test_colors_of_sixteen_bits_are_stretched_as_grays_are(kind: str, tmp_path: Path) -> None:
    """A camera's 12 bits in 16 were 16 levels of nearly black."""
    deep, path = COLOR.astype(np.uint16) * 16, tmp_path / "a"
    if kind.startswith("png"):
        write_png(path, opaque(deep) if "alpha" in kind else deep, 6 if "alpha" in kind else 2)
    else:
        write_tiff(path, deep, ">" if "other" in kind else "<")
    assert np.array_equal(read_rgb(path), COLOR)


def test_grays_of_sixteen_bits_beside_transparency_are_stretched_too(tmp_path: Path) -> None:
    deep = opaque(1000 + 12 * RAMP.astype(np.uint16)[..., None])
    assert np.array_equal(read_gray(write_png(tmp_path / "a.png", deep, 4)), RAMP)


def test_small_numbers_in_masks_of_sixteen_bits_in_color_are_foreground(tmp_path: Path) -> None:
    """Of a 1 in 16 bits the highest 8 are 0, which made such masks empty."""
    mask = np.repeat(DISC[..., None].astype(np.uint16), 3, axis=2)
    assert np.array_equal(read_mask(write_png(tmp_path / "a.png", mask, 2)), DISC)
    assert np.array_equal(read_mask(write_tiff(tmp_path / "a.tif", mask)), DISC)
    assert np.array_equal(read_mask(write_png(tmp_path / "b.png", opaque(mask[..., :1]), 4)), DISC)


def test_colors_that_two_decoders_read_differently_are_refused(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", COLOR.astype(np.uint16) * 200, planar=2)
    with pytest.raises(DataError, match=r"more than 8 bits, and two programs read them differently\. Convert it"):
        read_rgb(path)


@pytest.mark.parametrize("tag", [3, 6, 8])
def test_deep_colors_are_turned_as_all_pictures(tag: int, tmp_path: Path) -> None:
    turns = {3: 2, 6: 1, 8: 3}[tag]  # quarter turns counterclockwise from what is seen to what is stored
    path = write_tiff(tmp_path / "a.tif", np.rot90(COLOR, turns).astype(np.uint16) * 16, orientation=tag)
    assert np.array_equal(read_rgb(path), COLOR)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "values",
    [
        (RAMP.astype(np.int16) - 128).astype(np.int8),
        RAMP.astype(np.int16) * 100 - 9000,
        RAMP.astype(np.uint32) * 16_000_000,
        RAMP.astype(np.int32) * 8_000_000 - 2**30,
    ],
    ids=lambda values: str(values.dtype),
)
def test_signed_and_large_numbers_keep_their_order(
    values: np.ndarray, order: Literal["<", ">"], tmp_path: Path
) -> None:
    """Pillow gives the bits of negative bytes as large ones, and of large unsigned numbers as negative ones."""
    path = write_tiff(tmp_path / "a.tif", values, order)
    if values.dtype == np.uint32 and order == ">":
        with pytest.raises(DataError, match="of a kind that is not read: one value a pixel, whole numbers of 32 bits"):
            read_gray(path)
    else:
        assert np.array_equal(read_gray(path), RAMP)


def test_large_ids_of_masks_are_above_0(tmp_path: Path) -> None:
    ids = DISC.astype(np.uint32) * 3_000_000_000
    assert np.array_equal(read_mask(write_tiff(tmp_path / "a.tif", ids), "above 0"), DISC)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_where_0_is_white_the_picture_is_inverted(kind: type, tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", RAMP.astype(kind), photometric=0)
    assert np.array_equal(read_gray(path), 255 - RAMP)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_mask_whose_0_is_white_is_not_guessed(kind: type, tmp_path: Path) -> None:
    """Some programs write masks so and mean 0 as background, others invert the numbers to keep what is seen."""
    path = write_tiff(tmp_path / "a.tif", DISC.astype(kind) * 255, photometric=0)
    with pytest.raises(DataError, match=r"its tag says that 0 is white, .*Save it as PNG, background 0"):
        read_mask(path)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (RAMP.astype(np.float64), "one value a pixel, floats of 64 bits"),
        (RAMP.astype(np.float16), "one value a pixel, floats of 16 bits"),
        (RAMP.astype(np.uint64), "one value a pixel, whole numbers of 64 bits"),
        (COLOR.astype(np.float32), "3 values a pixel, floats of 32 bits"),
        (np.repeat(COLOR, 2, axis=2)[..., :5], "5 values a pixel, whole numbers of 8 bits"),
    ],
)
def test_a_tiff_of_another_kind_is_called_so(values: np.ndarray, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"it is a TIFF file that is damaged or of a kind that is not read: {words}"):
        read_gray(write_tiff(tmp_path / "a.tif", values, photometric=1 if values.ndim == 2 else 2))


def test_a_compression_that_is_not_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"its compression \(webp\) is not read, or it is damaged\. Convert it"):
        read_gray(write_tiff(tmp_path / "a.tif", RAMP, compression=50001))


def frame(marker: int, precision: int) -> bytes:
    """A JPEG file up to its frame header, behind one segment of a camera."""
    return b"\xff\xd8\xff\xe1\0\x06test" + bytes((0xFF, marker, 0, 11, precision)) + bytes(200)


@pytest.mark.parametrize(
    ("content", "words", "remedy"),
    [
        (b"", "it is empty", "Fetch it again"),
        (bytes(900), "nothing but zeros", "Fetch it again"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><p>Please log in", "a web page", "Fetch the file itself"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer", "git lfs pull"),
        (b"\x1f\x8b\x08" + bytes(30), "packed by gzip, as NIfTI volumes are", "Unpack it"),
        (b"RIFF\0\0\0\0WEBPVP8L", "a WebP image", "Save it as PNG"),
        (bytes(128) + b"DICM" + bytes(20), "a DICOM file", "Save it as PNG"),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", "DICOM data without the header of a DICOM file", "dcmconv"),
        (frame(0xC3, 16), "a JPEG file without loss, as in DICOM, which is not read", "Save it as PNG"),
        (frame(0xC1, 12), "a JPEG file of 12 bits, which is not read", "Save it as PNG"),
        (frame(0xF7, 8), "a JPEG file of JPEG-LS, which is not read", "Save it as PNG"),
        (b"II*\0\x08\0\0\0", "a TIFF file that is", "fetch it again"),
        (b"what is this?", "none of PNG, JPEG, TIFF, GIF, and no DICOM file", "Convert it, or fetch it again"),
    ],
)
def test_what_is_no_image_is_named_with_its_own_remedy(content: bytes, words: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    for read in (read_gray, read_mask):
        with pytest.raises(DataError, match=rf"a\.png .*cannot be read: .*{words}.*{remedy}"):
            read(tmp_path / "a.png")


def test_a_smaller_copy_of_a_picture_is_no_further_frame(tmp_path: Path) -> None:
    """TIFF 6.0, section 8, NewSubfileType: previews, and levels of pyramids."""
    whole, small = Image.fromarray(RAMP), Image.fromarray(RAMP[::2, ::2])
    small.encoderinfo = {"tiffinfo": {254: 1}}
    whole.save(tmp_path / "a.tif", save_all=True, append_images=[small])
    assert np.array_equal(read_gray(tmp_path / "a.tif"), RAMP)
    whole.save(tmp_path / "b.tif", save_all=True, append_images=[Image.fromarray(255 - RAMP)])
    with pytest.raises(DataError, match="it has 2 frames; expected one"):
        read_gray(tmp_path / "b.tif")
