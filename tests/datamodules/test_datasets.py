"""The registered datasets, on their phantom editions and on real files."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.chestxray14 import CLASSES, ChestXray14
from datamodules.contract import Index, Sample
from datamodules.drive import Drive
from datamodules.fractals import Fractals
from datamodules.medmnist import MedMNIST
from datamodules.phantom import ensure_phantom
from specs.errors import DataError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestDrive(DatasetContract):
    expression = "drive"


class TestChestXray14(DatasetContract):
    expression = "chestxray14"


class TestPneumoniaMNIST(DatasetContract):
    expression = "medmnist"


class TestChestMNIST(DatasetContract):
    expression = 'medmnist("chestmnist")'


class TestRetinaMNIST(DatasetContract):
    expression = 'medmnist("retinamnist")'


class TestBloodMNIST(DatasetContract):
    expression = 'medmnist("bloodmnist")'


class TestFractals(DatasetContract):
    expression = "fractals(classes=4, per_class=20)"


@pytest.fixture
def chests(tmp_path: Path) -> Path:
    """A phantom ChestX-ray14 that a test may damage."""
    return ensure_phantom(parse("chestxray14"), tmp_path)


def test_the_real_drive_has_its_published_size_and_masks(real_data: Path) -> None:
    dataset, root = Drive(), real_data / "drive"
    index = dataset.index(root)
    assert [len(index.train), len(index.validation), len(index.test)] == [16, 4, 20]
    for sample in (index.train[0], index.test[0]):
        assert dataset.read_image(root, sample).shape == (584, 565, 3)
        mask, view = dataset.read_mask(root, sample), dataset.read_field_of_view(root, sample)
        assert view is not None
        assert 0.05 < mask.mean() < 0.2
        assert 0.6 < view.mean() < 0.8
        assert (mask & ~view & 1).mean() < 0.001


def test_a_drive_without_test_masks_says_what_is_missing(tmp_path: Path) -> None:
    root = ensure_phantom(parse("drive"), tmp_path)
    shutil.rmtree(root / "test" / "1st_manual")
    with pytest.raises(DataError, match=r"20 of 120 files are missing, the first test/1st_manual/01_manual1\.gif"):
        Drive().index(root)


def test_the_real_pneumoniamnist_is_read_whole(real_data: Path) -> None:
    dataset, root = MedMNIST(), real_data / "medmnist"
    index = dataset.index(root)
    assert [len(index.train), len(index.validation), len(index.test)] == [3882, 524, 624]
    assert dataset.read_image(root, index.train[0]).shape == (28, 28)


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


def test_a_damaged_or_incomplete_npz_file_is_named(tmp_path: Path) -> None:
    path = ensure_phantom(parse("medmnist"), tmp_path) / "pneumoniamnist.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"pneumoniamnist\.npz cannot be read"):
        MedMNIST().index(path.parent)
    np.savez(path, train_images=np.zeros((1, 28, 28), np.uint8))
    with pytest.raises(DataError, match=r"pneumoniamnist\.npz lacks .*train_labels"):
        MedMNIST().index(path.parent)


def test_a_file_of_another_flag_or_size_is_refused(tmp_path: Path) -> None:
    root = ensure_phantom(parse('medmnist("bloodmnist")'), tmp_path)
    (root / "bloodmnist.npz").rename(root / "pneumoniamnist.npz")
    with pytest.raises(DataError, match=r"train_images is uint8 of shape \(160, 28, 28, 3\), expected"):
        MedMNIST().index(root)
    root = ensure_phantom(parse('medmnist("octmnist")'), tmp_path)
    (root / "octmnist.npz").rename(root / "pneumoniamnist.npz")
    with pytest.raises(DataError, match=r"values up to 3, expected .* from 0 to 1"):
        MedMNIST().index(root)


def test_an_empty_split_and_an_image_listed_twice_are_refused() -> None:
    one, two, three = (Sample(name, name, (), name) for name in "abc")
    with pytest.raises(DataError, match="the validation split is empty"):
        Index((one,), (), (two,)).check("x")
    with pytest.raises(DataError, match=r"listed twice, such as \['a'\]"):
        Index((one, one), (two,), (three,)).check("x")


def test_fractals_of_one_class_look_more_alike_than_those_of_two() -> None:
    dataset, nowhere = Fractals(classes=4, per_class=60), Path()
    index = dataset.index(nowhere)

    def feature(sample: Sample) -> np.ndarray:
        gray = dataset.read_image(nowhere, sample).mean(axis=2)
        spectrum = np.abs(np.fft.fftshift(np.fft.fft2(gray / np.linalg.norm(gray))))
        return spectrum[8:25, 8:25].ravel()  # type: ignore[no-any-return]

    known = [(feature(sample), sample.target) for sample in index.train]
    hits = [min(known, key=lambda k: float(np.sum((feature(s) - k[0]) ** 2)))[1] == s.target for s in index.test]
    assert np.mean(hits) > 0.6  # chance is 0.25


def test_a_second_writer_of_a_phantom_edition_is_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = MedMNIST.write_phantom

    def slow(self: MedMNIST, root: Path) -> None:
        monkeypatch.setattr(MedMNIST, "write_phantom", write)
        other.append(ensure_phantom(parse("medmnist"), tmp_path))  # someone else finishes meanwhile
        write(self, root)

    other: list[Path] = []
    monkeypatch.setattr(MedMNIST, "write_phantom", slow)
    assert ensure_phantom(parse("medmnist"), tmp_path) == other[0]
    assert [path.name for path in tmp_path.iterdir()] == [other[0].name]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: MedMNIST, root: Path) -> None:
        (root / "half").write_text("")
        raise KeyboardInterrupt

    monkeypatch.setattr(MedMNIST, "write_phantom", broken)
    with pytest.raises(KeyboardInterrupt):
        ensure_phantom(parse("medmnist"), tmp_path)
    assert list(tmp_path.iterdir()) == []
