"""Images with a file for each channel, or with four channels in a file, are described as what they may be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.dataset.contract import Dataset
from datamodules.describing.describe import describe
from datamodules.describing.tried import Tried
from specs.registry import DATASETS
from tests.datamodules.describing.test_describe import arguments, count, images, masks, only, table

SEQUENCES = ("_t1", "_t1ce", "_t2", "_flair")


def with_channels(root: Path, form: str, ends: tuple[str, ...], number: int = 24) -> None:
    """Images of which each has a file for each end of a name; ``{}`` stands for the number and the end."""
    images(root, [form.format(f"{n:02d}{end}") for n in range(number) for end in ends])


def read(one: Tried) -> tuple[int, ...]:
    """The shape of the first training image as the reading gives it."""
    dataset: Dataset = DATASETS.build(one.reading.expression)
    sample = dataset.index(one.reading.root).train[0]
    return dataset.read_image(one.reading.root, sample).shape


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("_green", "_red", "_blue"), ("_red", "_green", "_blue")),
        (("-T2", "-FLAIR", "-T1"), ("-T1", "-T2", "-FLAIR")),
        (("_ch2", "_ch10", "_ch1"), ("_ch1", "_ch10", "_ch2")),
    ],
)
def test_ends_that_name_channels_are_channels_in_the_usual_order(
    ends: tuple[str, ...], expected: tuple[str, ...], tmp_path: Path
) -> None:
    with_channels(tmp_path, "normal/a {}.png", ends)
    with_channels(tmp_path, "ill/b {}.png", ends)
    one = only(describe(tmp_path))
    assert arguments(one) == {
        "classes": ("ill",), "labels": "folders", "negative": ("normal",), "channel_suffixes": expected,
    }  # fmt: skip
    assert (count(one, "images"), count(one, "ill"), read(one)) == (48, 24, (6, 6, 3))
    assert any("if each file is an image of its own, leave out channel_suffixes" in said for said in one.reading.unsure)


def test_masks_of_channels_are_found_beside_them_and_in_a_folder_of_their_own(tmp_path: Path) -> None:
    for name, where in (("beside", "p{}_seg.png"), ("apart", "masks/p{}.png")):
        with_channels(tmp_path / name, "p{}.png" if name == "beside" else "images/p{}.png", SEQUENCES)
        masks(tmp_path / name, [where.format(f"{n:02d}") for n in range(24)])
        one = only(describe(tmp_path / name))
        assert arguments(one)["channel_suffixes"] == SEQUENCES
        assert (count(one, "images"), read(one)) == (24, (6, 6, 4))
        dataset: Dataset = DATASETS.build(one.reading.expression)
        sample = dataset.index(one.reading.root).train[0]
        assert dataset.read_mask(one.reading.root, sample).mean() == 0.5


@pytest.mark.parametrize("cell", ["{:02d}", "{:02d}_red.png"])
def test_a_table_may_name_images_or_their_first_channel(cell: str, tmp_path: Path) -> None:
    with_channels(tmp_path, "scans/{}.png", ("_red", "_green"), 40)
    table(tmp_path / "l.csv", "image,ill", [(cell.format(n), n % 2) for n in range(40)])
    one = only(describe(tmp_path))
    assert (arguments(one)["channel_suffixes"], arguments(one)["table"]) == (("_red", "_green"), "l.csv")
    assert (count(one, "images"), count(one, "ill")) == (40, 20)


def test_a_table_that_names_each_file_makes_each_an_image(tmp_path: Path) -> None:
    with_channels(tmp_path, "scans/p{}.png", ("_red", "_green"), 40)
    rows = [(f"p{n:02d}_{color}.png", n % 2) for n in range(40) for color in ("red", "green")]
    table(tmp_path / "l.csv", "image,ill", rows)
    one = only(describe(tmp_path))
    assert "channel_suffixes" not in arguments(one)
    assert (count(one, "images"), count(one, "patients")) == (80, 40)
    assert "l.csv names the files of single channels, so each file counts as an image" in one.reading.unsure


def test_patients_are_found_in_names_before_the_channel(tmp_path: Path) -> None:
    names = [f"{kind}/e{n}_{eye}_{color}.png" for kind in ("normal", "ill") for n in range(12) for eye in "LR"
             for color in ("red", "green")]  # fmt: skip
    images(tmp_path, names)
    one = only(describe(tmp_path))
    assert (count(one, "images"), count(one, "patients")) == (48, 12)


def test_images_that_lack_a_channel_are_left_out_and_counted(tmp_path: Path) -> None:
    for kind in ("normal", "ill"):
        with_channels(tmp_path, f"{kind}/{kind}{{}}.png", SEQUENCES)
    (tmp_path / "ill" / "ill03_t2.png").unlink()
    one = only(describe(tmp_path))
    assert (arguments(one)["missing"], count(one, "images")) == ("leave out", 47)


def test_what_else_stands_beside_channels_leaves_two_readings(tmp_path: Path) -> None:
    for kind in ("normal", "ill"):
        with_channels(tmp_path, f"{kind}/{{}}.png", ("_t1", "_flair", "_xyz"))
    found = describe(tmp_path)
    assert found.chosen is None
    suffixes = [arguments(one)["channel_suffixes"] for one in found.readings]
    assert ("_t1", "_flair", "_xyz") in suffixes and ("_t1", "_flair") in suffixes
    assert all("_xyz may be channels too, or masks" in one.reading.unsure for one in found.readings)


def test_t1_and_t2_alone_may_be_two_times(tmp_path: Path) -> None:
    for kind in ("normal", "ill"):
        with_channels(tmp_path, f"{kind}/{kind}{{}}.png", ("_T1", "_T2"))
    found = describe(tmp_path)
    assert found.chosen is None
    assert [arguments(one).get("channel_suffixes") for one in found.readings] == [("_T1", "_T2"), None]


def test_unknown_ends_that_all_images_share_are_told_and_sides_are_not(tmp_path: Path) -> None:
    for name, ends in (("words", ("_near", "_far")), ("sides", ("_left", "_right"))):
        for kind in ("normal", "ill"):
            with_channels(tmp_path / name, f"{kind}/{kind}{{}}.png", ends)
        one = only(describe(tmp_path / name))
        assert "channel_suffixes" not in arguments(one)
        told = [said for said in one.reading.unsure if "if these are channels, state channel_suffixes" in said]
        assert len(told) == (name == "words")


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_a_fourth_channel_that_is_no_transparency_leaves_two_readings(ending: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for kind in ("normal", "ill"):
        (tmp_path / kind).mkdir()
        for n in range(20):
            pixels = generator.integers(0, 256, (6, 6, 4), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / kind / f"{n}.{ending}")
    found = describe(tmp_path)
    assert found.chosen is None
    assert [arguments(one)["channels"] for one in found.readings] == [4, 3]
    assert [read(one) for one in found.readings] == [(6, 6, 4), (6, 6, 3)]
    assert "have a fourth channel that is no transparency; here it counts" in found.readings[0].reading.why[-1]


def test_transparency_is_no_channel(tmp_path: Path) -> None:
    for kind in ("normal", "ill"):
        (tmp_path / kind).mkdir()
        for n in range(20):
            pixels = np.random.default_rng(n).integers(0, 256, (8, 8, 4), dtype=np.uint8)
            pixels[..., 3] = np.where(np.arange(8) < 5, 255, 0)
            Image.fromarray(pixels).save(tmp_path / kind / f"{kind}{n}.png")
    assert arguments(only(describe(tmp_path)))["channels"] == 3
