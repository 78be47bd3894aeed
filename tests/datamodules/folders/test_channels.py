"""Images of which each channel is a file: they keep the contract of datasets, and what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datamodules.folder import Folder
from datamodules.folders.channels import Channels
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.preparation import prepare
from datamodules.prepared.storage import Prepared
from specs.errors import DataError, UsageError
from specs.recipe import Form
from tests.datamodules.contract import DatasetContract

SEQUENCES = ("_t1", "_t1ce", "_t2", "_flair")


class TestFourSequencesWithMasks(DatasetContract):
    expression = f'folder(kind="segmentation", classes=("tumor",), channel_suffixes={SEQUENCES})'


class TestMasksBesideTheirChannels(DatasetContract):
    expression = (
        'folder(kind="segmentation", classes=("a", "b"), masks="images", mask_suffix="_seg", image_prefix="case-", '
        'image_suffix="-axial", channel_suffixes=("_t1", "_t2"))'
    )
    drawn = ()


class TestTwoChannelsInATable(DatasetContract):
    expression = 'folder(patient="who", channel_suffixes=("-soft", "-bone"))'


class TestTwoChannelsInClassFolders(DatasetContract):
    expression = 'folder(kind="multiclass", classes=("a", "b"), labels="folders", channel_suffixes=("_1", "_2"))'


class TestFourChannelsInAFile(DatasetContract):
    expression = 'folder(channels=4, patient="who")'


def write(root: Path, stem: str, suffixes: tuple[str, ...] = SEQUENCES, side: int = 6) -> None:
    """A file for each channel, uniformly 10, 20 and so on."""
    for number, suffix in enumerate(suffixes, 1):
        path = root / f"{stem}{suffix}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((side, side), 10 * number, np.uint8)).save(path)


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """Forty images of four files with a table that names them without the ends of their files."""
    lines = ["image,positive,split"]
    for number in range(40):
        write(tmp_path, f"scans/{number}")
        lines.append(f"scans/{number},{number % 2},{('train', 'validation', 'test')[number // 4 % 3]}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


FOLDER = Folder(split="split", channel_suffixes=SEQUENCES)


def test_an_image_has_its_files_as_channels_in_the_order_of_their_suffixes(ward: Path) -> None:
    sample = FOLDER.index(ward).train[0]
    assert FOLDER.channels == 4
    assert [path.name for path in FOLDER.files(ward, sample)] == [f"0{suffix}.png" for suffix in SEQUENCES]
    assert FOLDER.read_image(ward, sample)[0, 0].tolist() == [10, 20, 30, 40]
    other = Folder(split="split", channel_suffixes=SEQUENCES[::-1])
    assert other.read_image(ward, other.index(ward).train[0])[0, 0].tolist() == [40, 30, 20, 10]


def test_a_table_may_name_the_first_channels_file_or_the_image(ward: Path) -> None:
    named = FOLDER.index(ward)
    table = (ward / "labels.csv").read_text()
    for other in (table.replace(",0,", ".png,0,"), table.replace(",0,", "_t1.png,0,"), table.replace(",0,", "_T1,0,")):
        (ward / "labels.csv").write_text(other)
        found = FOLDER.index(ward)
        assert {sample.source for sample in found.train} == {sample.source for sample in named.train}


def test_a_row_for_each_file_is_refused(ward: Path) -> None:
    with (ward / "labels.csv").open("a") as table:
        table.write("scans/0_t2.png,0,train\n")
    with pytest.raises(DataError, match=r"labels.csv, line 42: scans/0_t2.png is one file.*Give each image one row"):
        FOLDER.index(ward)


def test_an_image_that_is_named_twice_is_refused(ward: Path) -> None:
    with (ward / "labels.csv").open("a") as table:
        table.write("scans/0_t1.png,0,train\n")
    with pytest.raises(DataError, match="are the same file"):
        FOLDER.index(ward)


def test_a_missing_channel_is_named(ward: Path) -> None:
    (ward / "scans" / "3_t2.png").unlink()
    with pytest.raises(DataError, match=r"1 images lack a channel: there is no scans/3_t2.png"):
        FOLDER.index(ward)
    left = Folder(split="split", channel_suffixes=SEQUENCES, missing="leave out").index(ward)
    assert set(left.excluded) == {"scans/3"}


@pytest.mark.parametrize("gone", ["0_t1.png", "0_flair.png"])
def test_a_missing_channel_of_an_image_that_no_table_names_is_named_too(gone: str, tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / "images", str(number))
        write(tmp_path / "masks", str(number), ("",))
        write(tmp_path / "folders" / ("yes", "no")[number % 2], str(number))
    (tmp_path / "images" / gone).unlink()
    (tmp_path / "folders" / "yes" / gone).unlink()
    pairs = Folder(kind="segmentation", channel_suffixes=SEQUENCES)
    classes = Folder(classes=("yes",), negative=("no",), labels="folders", channel_suffixes=SEQUENCES)
    with pytest.raises(DataError, match=f"there is no images/{gone}"):
        pairs.index(tmp_path)
    with pytest.raises(DataError, match=f"there is no yes/{gone}"):
        classes.index(tmp_path / "folders")


def test_a_file_of_a_class_folder_that_is_no_channel_is_refused(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / ("yes", "no")[number % 2], str(number))
    write(tmp_path / "yes", "4", ("",))
    with pytest.raises(DataError, match=r"yes/4.png is no channel of an image.*_t1, _t1ce, _t2, _flair"):
        Folder(classes=("yes",), negative=("no",), labels="folders", channel_suffixes=SEQUENCES).index(tmp_path)


def test_channels_of_different_sizes_are_refused_by_name(ward: Path) -> None:
    write(ward, "scans/0", ("_t2",), side=5)
    with pytest.raises(DataError, match=r"0_t2.png has 5 x 5 pixels, expected 6 x 6 as scans/0_t1.png"):
        FOLDER.read_image(ward, FOLDER.index(ward).train[0])


def test_a_damaged_channel_is_told_when_the_dataset_is_prepared(ward: Path, tmp_path: Path) -> None:
    (ward / "scans" / "0_flair.png").write_bytes(b"\x89PNG")
    prepare(FOLDER, ward, tmp_path / "prepared", [Form(6)], jobs=1)
    found = Prepared(tmp_path / "prepared").unreadable
    assert list(found) == ["scans/0"] and "0_flair.png" in found["scans/0"]


@pytest.mark.parametrize("form", [Form("source"), Form(6), Form(4), Form(9, "bilinear")])
def test_prepared_images_are_those_of_the_files(form: Form, ward: Path, tmp_path: Path) -> None:
    from datamodules.pipeline.pixels import DecodedImages

    prepare(FOLDER, ward, tmp_path / "prepared", [form], jobs=1)
    index, prepared = FOLDER.index(ward), Prepared(tmp_path / "prepared")
    numbers = list(range(len(index.train)))
    stored = prepared.images(form, index.train, "Folder").read(numbers)
    decoded = DecodedImages(OpenDataset(FOLDER, ward, index), "train", form).read(numbers)
    for one, other in zip(stored, decoded, strict=True):
        assert one.image.shape[2] == 4
        np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize(
    ("suffixes", "names"),
    [
        (SEQUENCES, ("t1", "t1ce", "t2", "flair")),
        (("-1", "_1"), ("-1", "_1")),  # alike without their signs
        (("_a", "__"), ("_a", "__")),
    ],
)
def test_channels_are_called_by_their_suffixes(suffixes: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert Folder(channel_suffixes=suffixes).channel_names == names


def test_images_of_one_file_are_called_by_their_colors() -> None:
    assert Folder().channel_names == ("gray",)
    assert Folder(channels=3).channel_names == ("red", "green", "blue")


def test_one_suffix_is_a_gray_image(tmp_path: Path) -> None:
    write(tmp_path, "1")
    assert Channels(("_t2",)).read(tmp_path, "1_t2.png", 1).shape == (6, 6)
    assert Folder(channel_suffixes=("_t2",)).channels == 1


@pytest.mark.parametrize("suffixes", [("_t1", "_t1"), ("_t1", ""), ("_t1", "a_t1"), ("_t1", "x/_t2")])
def test_suffixes_that_cannot_be_told_apart_are_refused(suffixes: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="expected different ends of files' names"):
        Folder(channel_suffixes=suffixes)


@pytest.mark.parametrize(("depth", "ending"), [(8, "png"), (8, "tif"), (16, "png")])
def test_the_four_channels_of_a_file_are_read_as_they_are_stored(depth: int, ending: str, tmp_path: Path) -> None:
    stored = np.random.default_rng(1).integers(0, 2**depth, (5, 4, 4)).astype(f"u{depth // 8}")
    stored[0, 0], stored[0, 1] = 0, 2**depth - 1
    path = tmp_path / f"1.{ending}"
    if depth == 8:
        Image.fromarray(stored).save(path)
    else:
        cv2.imwrite(str(path), stored[..., [2, 1, 0, 3]])
    expected = np.rint(stored / ((2**depth - 1) / 255)).astype(np.uint8)
    assert (Channels(()).read(tmp_path, path.name, 4) == expected).all()


@pytest.mark.parametrize(("mode", "said"), [("RGB", "3 channels"), ("L", "one channel"), ("CMYK", "four inks")])
def test_files_of_other_channels_are_no_images_of_four(mode: str, said: str, tmp_path: Path) -> None:
    Image.new(mode, (4, 4)).save(tmp_path / "1.tif")
    with pytest.raises(DataError, match=f"it has .*{said}.*; expected four channels"):
        Channels(()).read(tmp_path, "1.tif", 4)


def test_numbers_of_channels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match=r"expected 1 \(grayscale\), 3 \(RGB\) or 4 .*found 2.*channel_suffixes"):
        Folder(channels=2)
    with pytest.raises(UsageError, match="4 suffixes are 4 channels, found channels=3"):
        Folder(channels=3, channel_suffixes=SEQUENCES)
