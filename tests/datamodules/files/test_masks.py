"""Masks as people save them: read by their stored values, or refused with what was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.files.masks import AT_A_TIME, Foreground, counted, distinct, read_mask
from specs.errors import DataError

DISC = (np.hypot(*np.mgrid[-15.5:16, -15.5:16]) < 9).astype(np.uint8)


def saved(path: Path, values: object, **options: object) -> Path:
    image = values if isinstance(values, Image.Image) else Image.fromarray(np.asarray(values))
    image.save(path, **options)
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16])
def test_values_of_few_bits_are_counted_in_order(kind: type[np.integer]) -> None:
    """Of more values than are counted together, some of them at the ends, in no order of memory."""
    limits, generator = np.iinfo(kind), np.random.default_rng(1)
    values = generator.choice([limits.min, limits.max, 0, 1, 77], AT_A_TIME + 20).astype(kind).reshape(2, 3, -1, 2)
    values = values.transpose(2, 0, 3, 1)[:, :, ::-1]
    every, counts = counted(values)
    expected = np.unique(values, return_counts=True)
    assert np.array_equal(every, np.arange(limits.min, limits.max + 1))
    assert np.array_equal(every[counts > 0], expected[0]) and np.array_equal(counts[counts > 0], expected[1])
    assert np.array_equal(distinct(values), expected[0])


@pytest.mark.parametrize("value", [1, 7, 255])
@pytest.mark.parametrize("ending", ["png", "tif", "gif"])
def test_the_one_value_beside_0_is_foreground(value: int, ending: str, tmp_path: Path) -> None:
    assert np.array_equal(read_mask(saved(tmp_path / f"a.{ending}", DISC * np.uint8(value))), DISC)


def test_bits_deep_values_and_floats_are_taken_as_they_are_stored(tmp_path: Path) -> None:
    assert np.array_equal(read_mask(saved(tmp_path / "bit.png", DISC.astype(bool))), DISC)
    assert np.array_equal(read_mask(saved(tmp_path / "deep.png", DISC.astype(np.uint16) * 1500)), DISC)
    assert np.array_equal(read_mask(saved(tmp_path / "float.tif", DISC.astype(np.float32) * 0.5)), DISC)


@pytest.mark.parametrize("value", [0, 1, 255])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_mask_may_be_empty_or_full(value: int, kind: type, tmp_path: Path) -> None:
    """Stretched over its own range, a full one would be empty."""
    found = read_mask(saved(tmp_path / "a.png", np.full((4, 5), value, kind)))
    assert found.tolist() == np.full((4, 5), min(value, 1)).tolist()


@pytest.mark.parametrize("colors", [[(0, 0, 0), (0, 0, 4)], [(255, 255, 255), (0, 0, 0)], [(0, 0, 0), (0, 0, 0)]])
def test_of_a_palette_the_indices_count_and_not_the_colors(colors: list[tuple[int, ...]], tmp_path: Path) -> None:
    image = Image.fromarray(DISC).convert("P")
    image.putdata(DISC.ravel().tolist())
    image.putpalette([level for color in colors for level in color])
    assert np.array_equal(read_mask(saved(tmp_path / "a.png", image)), DISC)


def test_gray_saved_in_color_is_one_channel_and_color_is_refused(tmp_path: Path) -> None:
    gray = np.repeat(255 * DISC[..., None], 3, axis=2)
    assert np.array_equal(read_mask(saved(tmp_path / "a.png", gray)), DISC)
    opaque = np.concatenate([gray, np.full((*DISC.shape, 1), 255, np.uint8)], axis=2)
    assert np.array_equal(read_mask(saved(tmp_path / "b.png", opaque)), DISC)
    gray[..., 0] = 0
    with pytest.raises(DataError, match=r"c\.png .*it is in color \(RGB\) .*Save it as PNG in gray"):
        read_mask(saved(tmp_path / "c.png", gray))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_mask_in_the_transparency_is_not_guessed(mode: str, tmp_path: Path) -> None:
    image = Image.new("L", DISC.shape[::-1]).convert(mode)
    image.putalpha(Image.fromarray(255 * DISC))
    with pytest.raises(DataError, match=r"a\.png .*has transparent pixels .*without transparency"):
        read_mask(saved(tmp_path / "a.png", image))


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    values = DISC.astype(np.float32)
    values[0] = np.nan
    with pytest.raises(DataError, match="Write 0 in their place"):
        read_mask(saved(tmp_path / "a.tif", values))


@pytest.mark.parametrize(
    ("values", "named"),
    [([[0, 1], [2, 2]], "0, 1, 2"), ([[3, 5], [5, 5]], "3, 5"), ([list(range(20))], r"0, 1, .*, 7 and 12 more")],
)
def test_other_values_are_refused_unless_they_are_declared(values: list[list[int]], named: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array(values, np.uint8))
    with pytest.raises(DataError, match=rf"the mask .*a\.png has the values {named}; expected 0 and one other"):
        read_mask(path)
    assert read_mask(path, "above 0").tolist() == (np.array(values) > 0).tolist()


@pytest.mark.parametrize(
    ("foreground", "expected"),
    [("above 0", [0, 1, 1]), ((1, 2), [0, 1, 1]), ((2, 1, 9), [0, 1, 1]), ("above half", [0, 0, 0])],
)
def test_what_is_declared_is_foreground(foreground: Foreground, expected: list[int], tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[0, 1, 2]], np.uint8))
    assert read_mask(path, foreground).tolist() == [expected]


def test_values_beside_the_declared_ones_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[0, 1, 2]], np.uint8))
    with pytest.raises(DataError, match=r"has the values 0, 1, 2; expected 0, 1\. Say which are foreground"):
        read_mask(path, (1,))


def test_a_mask_that_was_saved_as_jpeg_is_cut_at_half_if_one_says_so(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", 255 * DISC, quality=75)
    assert np.array_equal(read_mask(path, "above half"), DISC)
    with pytest.raises(DataError, match='"above half" of masks that were saved as JPEG'):
        read_mask(path, "one value")


@pytest.mark.parametrize("values", [DISC.astype(np.int32), DISC.astype(np.float32), DISC.astype(bool)])
def test_half_of_other_numbers_says_nothing_and_never_empties_a_mask(values: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(DataError, match='"above half" says nothing; it is for grays of 8 or 16 bits'):
        read_mask(saved(tmp_path / "a.tif", values), "above half")


def test_half_of_palette_indices_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='"above half" says nothing'):
        read_mask(saved(tmp_path / "a.png", Image.fromarray(DISC).convert("P")), "above half")


def test_a_mask_is_turned_as_its_picture_would_be(tmp_path: Path) -> None:
    mask = np.zeros((3, 5), np.uint8)
    mask[0] = 255
    tag = Image.Exif()
    tag[0x0112] = 6
    found = read_mask(saved(tmp_path / "a.png", mask, exif=tag))
    assert found.tolist() == np.rot90(mask > 0, -1).tolist()
