"""ChestX-ray14: its contract, the real label file, and what is refused."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.chestxray14 import CLASSES, ChestXray14
from datamodules.dataset.contract import Index
from datamodules.dataset.sample import Sample
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestChestXray14(DatasetContract):
    expression = "chestxray14"
    drawn = ("train", "validation")


@pytest.fixture
def chests(tmp_path: Path) -> Path:
    """A phantom ChestX-ray14 that a test may damage."""
    return ensure_phantom(parse("chestxray14"), tmp_path)


def test_the_real_labels_of_chestxray14_give_the_published_counts(real_data: Path, tmp_path: Path) -> None:
    with gzip.open(real_data / "chestxray14" / "Data_Entry_2017_v2020.csv.gz", "rt") as file:
        text = file.read()
    (tmp_path / "Data_Entry_2017_v2020.csv").write_text(text)
    rows = [line.split(",") for line in text.splitlines()[1:]]
    test = {row[3] for row in rows if int(row[3]) % 5 == 0}  # patients; the official lists are not at hand
    (tmp_path / "train_val_list.txt").write_text("\n".join(row[0] for row in rows if row[3] not in test))
    (tmp_path / "test_list.txt").write_text("\n".join(row[0] for row in rows if row[3] in test))
    index = ChestXray14().index(tmp_path)
    index.check("chestxray14")
    samples = index.train + index.validation + index.test
    assert len(samples) == 112_120
    assert len({sample.patient for sample in samples}) == 30_805
    # Sums over the official splits, counted from the published label file.
    published = [11559, 2776, 13317, 19894, 5782, 6331, 1431, 5302, 4667, 2303, 2516, 1686, 3385, 227]
    assert [int(sum(sample.target[number] for sample in samples)) for number in range(len(CLASSES))] == published
    assert sum(not any(sample.target) for sample in samples) == 60_361
    patients = Counter(split for split in ("train", "validation") for _ in {s.patient for s in index.split(split)})  # type: ignore[arg-type]
    assert 0.12 < patients["validation"] / patients.total() < 0.13


def test_a_real_image_of_chestxray14_is_read_as_gray(real_data: Path) -> None:
    image = ChestXray14().read_image(real_data / "chestxray14", Sample("", "", (), "00000001_000.png"))
    assert image.ndim == 2
    assert min(image.shape) >= 512
    assert image.std() > 20


def test_both_editions_of_the_label_file_are_read(chests: Path) -> None:
    before = ChestXray14().index(chests).identity()
    new = chests / "Data_Entry_2017_v2020.csv"
    lines = [line + "," for line in new.read_text().splitlines()]  # the edition of 2017 ends each line with a comma
    new.rename(chests / "Data_Entry_2017.csv").write_text("\n".join(lines))
    assert ChestXray14().index(chests).identity() == before
    shutil.copyfile(chests / "Data_Entry_2017.csv", new)
    with pytest.raises(DataError, match="exactly one"):
        ChestXray14().index(chests)


def test_images_may_lie_in_the_published_parts(chests: Path) -> None:
    sample = ChestXray14().index(chests).train[0]
    before = ChestXray14().read_image(chests, sample)
    (chests / "images_012").mkdir()
    (chests / "images").rename(chests / "images_012" / "images")
    assert np.array_equal(ChestXray14().read_image(chests, sample), before)


def test_an_image_with_color_or_transparency_is_read_as_gray(chests: Path) -> None:
    sample = ChestXray14().index(chests).train[0]
    before = ChestXray14().read_image(chests, sample)
    path = chests / "images" / sample.source
    Image.open(path).convert("RGBA").save(path)
    assert np.array_equal(ChestXray14().read_image(chests, sample), before)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Finding Labels", "Findings", 'no column "Finding Labels"; found Image Index, Findings'),
        ("No Finding", "No Finding|Measles", 'line .*unknown finding "No Finding"'),
        ("00000002_000.png", "00000001_000.png", "00000001_000.png stands there twice"),
        ("00000002_000.png,Pneumonia,0,2,", "00000002_000.png,Pneumonia,0,,", "line .*Patient ID is empty"),
        ("00000001_000.png", "../00000001_000.png", "leaves the dataset"),
        ("00000004_001.png", "00000004_901.png", "lists 00000004_001.png, which the label file does not have"),
    ],
)
def test_a_damaged_label_file_is_refused_with_its_name(old: str, new: str, message: str, chests: Path) -> None:
    path = chests / "Data_Entry_2017_v2020.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=rf"(?s)chestxray14.*{message}"):
        ChestXray14().index(chests)


def test_a_patient_in_two_lists_is_refused(chests: Path) -> None:
    lists = [chests / name for name in ("train_val_list.txt", "test_list.txt")]
    first = lists[1].read_text().split()[0]
    lists[0].write_text(lists[0].read_text() + first + "\n")
    lists[1].write_text(lists[1].read_text().replace(first + "\n", ""))
    with pytest.raises(DataError, match=r"patients are in both .* and test, such as"):
        ChestXray14().index(chests).check("chestxray14")


def test_a_missing_list_is_named(chests: Path) -> None:
    (chests / "test_list.txt").unlink()
    with pytest.raises(DataError, match=r"found no test_list\.txt"):
        ChestXray14().index(chests)


@pytest.mark.parametrize("size", [0, 60])
def test_an_image_that_was_cut_short_is_named(size: int, chests: Path) -> None:
    sample = ChestXray14().index(chests).train[0]
    path = chests / "images" / sample.source
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError, match=rf"{sample.source} \({size} bytes\) cannot be read"):
        ChestXray14().read_image(chests, sample)
    path.unlink()
    with pytest.raises(DataError, match=rf"{sample.source} is missing"):
        ChestXray14().read_image(chests, sample)


def test_an_empty_split_and_an_image_listed_twice_are_refused() -> None:
    one, two, three = (Sample(name, name, (), name) for name in "abc")
    with pytest.raises(DataError, match="the validation split is empty"):
        Index((one,), (), (two,)).check("x")
    with pytest.raises(DataError, match=r"listed twice, such as \['a'\]"):
        Index((one, one), (two,), (three,)).check("x")


def test_the_real_list_of_boxes_is_read_whole(real_data: Path, tmp_path: Path) -> None:
    with gzip.open(real_data / "chestxray14" / "BBox_List_2017.csv.gz", "rt") as file:
        (tmp_path / "BBox_List_2017.csv").write_text(file.read())
    found = ChestXray14().located(tmp_path)
    assert len(found) == 880
    places = [place for of_image in found.values() for place in of_image]
    assert Counter(place.finding for place in places) == {
        "Atelectasis": 180, "Cardiomegaly": 146, "Effusion": 153, "Infiltration": 123, "Mass": 85, "Nodule": 79,
        "Pneumonia": 120, "Pneumothorax": 98,
    }  # fmt: skip
    assert found["00013118_008.png"][0].box == pytest.approx((225.08, 547.02, 86.78, 79.19), abs=0.01)
    assert all(left + width <= 1025 and top + height <= 1025 for _, (left, top, width, height), _ in places)


def test_drawn_boxes_hold_the_drawn_findings_of_test_images(chests: Path) -> None:
    found, index = ChestXray14().located(chests), ChestXray14().index(chests)
    labels = {sample.id: sample.target for sample in index.test}
    assert set(found) <= set(labels)
    for image, places in found.items():
        for finding, (left, top, width, height), path in places:
            assert labels[image][CLASSES.index(finding)] == 1
            assert path is not None
            mask = np.asarray(Image.open(path)) > 0
            box = np.zeros_like(mask)
            box[int(top) : int(top + height), int(left) : int(left + width)] = True
            assert mask.any()
            assert not (mask & ~box).any()


@pytest.mark.parametrize(
    "line",
    [
        "x.png,Atelectasis,1,2,0,4",
        "x.png,Mass,1,2,3,0",
        "x.png,Mass,-1,2,3,4",
        "x.png,Mass,1,-1,3,4",
        "x.png,Goitre,1,2,3,4",
        "x.png,Mass,1,2,3,n",
        "x.png,Mass,nan,2,3,4",
        "x.png,Mass,1,2,inf,4",
    ],
)
def test_a_box_that_is_none_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "BBox_List_2017.csv"
    head = "Image Index,Finding Label,Bbox [x,y,w,h],,,\nx.png,Infiltrate,0,0.5,3,4,,,\n"
    path.write_text(head)
    assert ChestXray14().located(tmp_path) == {"x.png": (("Infiltration", (0, 0.5, 3, 4), None),)}
    path.write_text(head + line + "\n")
    with pytest.raises(DataError, match=r"BBox_List_2017\.csv, line 3: expected a finding and its box"):
        ChestXray14().located(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match=r"found no BBox_List_2017\.csv"):
        ChestXray14().located(tmp_path)
