"""Faults of data that no other test meets: each is one sentence with its cause and what to do."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from PIL import Image

from datamodules.chestxray14 import ChestXray14
from datamodules.dataset.sample import Sample
from datamodules.eyepacs import EyePacs
from datamodules.files.listing import image_files_in
from datamodules.files.texts import opened_text
from datamodules.folder import Folder
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.prepared.preparation import prepare
from datamodules.rsna_pe import RsnaPe
from specs.errors import DataError
from specs.expression import parse
from specs.recipe import Form
from specs.registry import DATASETS


@pytest.fixture
def shenzhen(tmp_path: Path) -> Path:
    return ensure_phantom(parse("shenzhen"), tmp_path / "data")


def test_a_dataset_of_classes_has_no_masks_and_says_where_no_findings_are(tmp_path: Path) -> None:
    sample = Sample("a", "p", (1.0,), "a.png")
    with pytest.raises(DataError, match=r"^EyePacs has no masks; it is a multiclass dataset\.$"):
        EyePacs().read_mask(tmp_path, sample)
    with pytest.raises(DataError, match=r"^EyePacs does not say where in its images the findings are\.$"):
        EyePacs().located(tmp_path)


def test_an_eye_without_a_side_is_named_with_its_line(tmp_path: Path) -> None:
    root = ensure_phantom(parse("eyepacs"), tmp_path)
    table = root / "trainLabels.csv"
    table.write_text(table.read_text() + "77_middle,0\n")
    line = len(table.read_text().splitlines())
    with pytest.raises(DataError, match=rf"trainLabels\.csv, line {line}: .* 77_middle, .* 10_left or 10_right"):
        EyePacs().index(root)


def test_an_official_list_names_an_image_once(tmp_path: Path) -> None:
    root = ensure_phantom(parse("chestxray14"), tmp_path)
    both = root / "test_list.txt"
    first = both.read_text().split()[0]
    both.write_text(both.read_text().rstrip() + f"\n{first}\n")
    with pytest.raises(DataError, match=rf"test_list\.txt, line \d+: it lists {first}, which was listed before"):
        ChestXray14().index(root)


def test_a_label_file_that_went_away_is_missing(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"the label file .*labels\.csv is missing"),
        opened_text(tmp_path / "labels.csv"),
    ):
        pass


def test_a_class_that_was_not_declared_is_named_with_its_line(tmp_path: Path) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("image,class\na.png,wolf\n")
    with pytest.raises(DataError, match=r'labels\.csv, line 2: class is "wolf", expected one of dog, cat, cow'):
        Folder(kind="multiclass", classes=("dog", "cat", "cow"), label="class").index(tmp_path)


def test_a_mask_of_another_size_than_its_image_is_refused(tmp_path: Path) -> None:
    for folder, size in (("images", (20, 30)), ("masks", (20, 31))):
        (tmp_path / folder).mkdir()
        for number in range(10):
            made = Image.new("L", size)
            made.putpixel((3, 3), 255)
            made.save(tmp_path / folder / f"{number}.png")
    prepared = prepare(Folder(kind="segmentation", classes=("lung",)), tmp_path, tmp_path / "store", (Form(12),), 1)
    assert len(prepared.unreadable) == 10
    assert "its mask is 31 x 20 pixels, expected 30 x 20" in prepared.unreadable[min(prepared.unreadable)]


def test_pixels_that_went_away_are_named(shenzhen: Path, tmp_path: Path) -> None:
    dataset, folder = DATASETS.build("shenzhen"), tmp_path / "prepared"
    prepared = prepare(dataset, shenzhen, folder, (Form(12),), 1)
    samples = dataset.read_labels(shenzhen).samples[:2]
    for path in folder.glob("*.bin"):
        path.unlink()
    with pytest.raises(DataError, match=r"cannot be read \(.*No such file.*\)\. Prepare the dataset again\."):
        prepared.images(Form(12), samples, "x").read(range(2))


def test_slices_of_one_series_are_of_one_size(tmp_path: Path) -> None:
    root = ensure_phantom(parse("rsna_pe"), tmp_path)
    dataset = RsnaPe()
    samples = dataset.read_labels(root).samples
    series = [sample for sample in samples if sample.patient == samples[0].patient]
    path = root / series[1].source
    header = pydicom.dcmread(path)
    header.Rows = 24
    header.PixelData = header.PixelData[: len(header.PixelData) // 2]
    header.save_as(path)
    with pytest.raises(DataError, match=r"are of 24 x 48 and 48 x 48 pixels, expected one size"):
        for sample in series:
            dataset.read_image(root, sample)


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("datamodules.files.listing.os.scandir", refused)
    with pytest.raises(DataError, match=r"cannot be looked into: Permission denied\. Make it readable\.$"):
        list(image_files_in(tmp_path))
