"""Files of several pictures: refused with their number and what to do, since which one counts is not said."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import GifImagePlugin, Image

from datamodules.files.images import read_gray
from datamodules.files.masks import read_mask
from specs.errors import DataError


def pictures(count: int) -> list[Image.Image]:
    """Drawn ones, no two alike."""
    generator = np.random.default_rng(0)
    return [Image.fromarray(generator.integers(0, 256, (8, 8), dtype=np.uint8)) for _ in range(count)]


def written(form: str, count: int) -> bytes:
    buffer = io.BytesIO()
    first, *others = pictures(count)
    options: dict[str, Any] = {"save_all": True, "append_images": others} if others else {}
    first.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["TIFF", "GIF", "PNG"])
@pytest.mark.parametrize("count", [2, 3])
def test_several_frames_are_refused_with_their_number_and_the_remedy(form: str, count: int, tmp_path: Path) -> None:
    path = tmp_path / "frames"
    path.write_bytes(written(form, count))
    for read in (read_gray, read_mask):
        with pytest.raises(
            DataError, match=rf"frames \(\d+ bytes\) .*it has {count} frames; expected one\. Write each"
        ):
            read(path)


@pytest.mark.parametrize("form", ["TIFF", "GIF", "PNG"])
def test_one_frame_is_read_as_before(form: str, tmp_path: Path) -> None:
    path = tmp_path / "frame"
    path.write_bytes(written(form, 1))
    assert np.array_equal(read_gray(path), np.asarray(pictures(1)[0]))


def test_frames_of_a_gif_are_counted_without_the_memory_that_they_declare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(written("GIF", 2))
    begin = content.rindex(b"\x2c\0\0\0\0")  # the second frame's left and top, before its width and height
    content[begin + 5 : begin + 9] = b"\xff\xff\xff\xff"
    (tmp_path / "frames.gif").write_bytes(content)

    def fails(*_: object) -> None:
        raise AssertionError("a frame was decoded")

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "load", fails)
    with pytest.raises(DataError, match="it has 2 frames"):
        read_gray(tmp_path / "frames.gif")


def test_more_frames_than_are_counted_are_refused_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    path.write_bytes(written("TIFF", 120))
    with pytest.raises(DataError, match="it has more than 100 frames"):
        read_gray(path)


def test_the_first_picture_of_a_cameras_file_of_several_is_read(tmp_path: Path) -> None:
    first, preview = (picture.resize((16, 16)) for picture in pictures(2))
    path = tmp_path / "camera.jpg"
    first.save(path, "MPO", save_all=True, append_images=[preview], quality=100)
    assert np.abs(read_gray(path).astype(int) - np.asarray(first)).max() <= 4
