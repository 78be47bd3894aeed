"""A user's own folder: its contract for every kind of task, and what is refused with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.files.dicom import write_dicom
from datamodules.folder import Folder
from datamodules.phantoms.phantom import ensure_phantom
from specs.errors import DataError, UsageError
from specs.expression import parse
from tests.datamodules.contract import DatasetContract


class TestMultilabelFolder(DatasetContract):
    expression = 'folder(kind="multilabel", classes=("a", "b", "c"), patient="who")'


class TestBinaryFolder(DatasetContract):
    expression = 'folder(split="part")'
    drawn = ()


class TestMulticlassFolder(DatasetContract):
    expression = 'folder(kind="multiclass", classes=("a", "b", "c"), channels=3)'


class TestSegmentationFolder(DatasetContract):
    expression = 'folder(kind="segmentation", classes=("lung",))'


class TestSegmentationFolderWithATable(DatasetContract):
    expression = 'folder(kind="segmentation", classes=("lung",), table="who.csv", patient="who", split="part")'
    drawn = ()


class TestSeveralClassesInAMask(DatasetContract):
    expression = 'folder(kind="segmentation", classes=("left", "right"), values=(2, (1, 7)), ignored=(255,))'


class TestClassesOfAMaskByColor(DatasetContract):
    expression = 'folder(kind="segmentation", classes=("left", "right"), values=("#ff8000", "#0000fe"))'
    drawn = ()


class TestAMaskFileForEachClass(DatasetContract):
    expression = (
        'folder(kind="segmentation", classes=("left", "right"), masks=("one", "two"), mask_suffix="_m", '
        'overlap="later")'
    )
    drawn = ()


class TestClassFolders(DatasetContract):
    expression = 'folder(kind="multiclass", classes=("a", "b", "c"), labels="folders", channels=3)'


class TestClassFoldersInSplits(DatasetContract):
    expression = 'folder(classes=("ill",), labels="folders", negative=("well",), split_by="folders")'
    drawn = ()


class TestRowsOfReaders(DatasetContract):
    expression = (
        'folder(kind="multilabel", classes=("a", "b", "c"), labels="rows", label="finding", reader="who", '
        'readers="majority", patient="patient")'
    )


class TestSeveralTables(DatasetContract):
    expression = (
        'folder(table=("one.csv", "two.csv"), label="ill", positive=("yes",), negative=("no",), '
        'patient_in_name="images/(..)")'
    )


class TestMasksBesideImages(DatasetContract):
    expression = (
        'folder(kind="segmentation", classes=("lung",), images="all", masks="all", mask_prefix="mask_", '
        'image_suffix="_scan")'
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The table of a binary folder of 40 images."""
    for number in range(40):
        (tmp_path / "scans").mkdir(exist_ok=True)
        Image.effect_noise((20, 30), 50).save(tmp_path / "scans" / f"{number}.png")
    rows = [f"scans/{number}.png,{number % 2},p{number // 2}" for number in range(40)]
    (tmp_path / "labels.csv").write_text("\n".join(["image,positive,who", *rows]) + "\n")
    return tmp_path / "labels.csv"


def test_labels_stand_in_the_column_that_is_named_or_is_called_as_the_class(table: Path) -> None:
    called = Folder(classes=("positive",)).index(table.parent)
    named = Folder(classes=("disease",), label="positive").index(table.parent)
    assert [sample.target for sample in named.train] == [sample.target for sample in called.train]
    with pytest.raises(UsageError, match='no column "disease"'):
        Folder(classes=("disease",)).index(table.parent)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("image,positive", "file,positive", r'labels\.csv has no column "image"; found file, positive, who'),
        ("scans/3.png,1", "scans/3.png,maybe", r'labels\.csv, line 5: positive is "maybe", expected one of 0, 1'),
        ("scans/3.png,1", "scans/3.png,2", r'line 5: positive is "2"'),
        ("scans/3.png,1", "scans/3.png,", r'line 5: positive is ""'),
        ("scans/3.png", "scans/2.png", r"line 5: scans/2\.png stands there twice"),
        ("scans/3.png", "../3.png", r"line 5: the path .* leaves the dataset"),
        ("scans/3.png", "/etc/passwd", r"line 5: the path .* leaves the dataset"),
        (",p1\n", ",\n", "line 4: who is empty"),
        ("scans/3.png,1,p1", "scans/3.png", r"line 5: 1 cells, expected at least 3"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_file_and_line(old: str, new: str, message: str, table: Path) -> None:
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises((DataError, UsageError), match=message):
        Folder(patient="who").index(table.parent)


def test_a_table_in_another_encoding_is_refused(table: Path) -> None:
    table.write_bytes(table.read_bytes() + "scans/99.png,1,Müller\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"labels\.csv, line 42: the byte 0x.. is no text in UTF-8"):
        Folder(patient="who").index(table.parent)


def test_a_missing_image_is_named_when_it_is_read(table: Path) -> None:
    (table.parent / "scans" / "3.png").unlink()
    index = Folder(patient="who").index(table.parent)
    sample = next(one for split in (index.train, index.validation, index.test) for one in split if "/3.png" in one.id)
    with pytest.raises(DataError, match=r"3\.png is missing"):
        Folder().read_image(table.parent, sample)


def test_images_may_be_of_any_usual_format(tmp_path: Path) -> None:
    pixels = np.linspace(0, 255, 400).reshape(20, 20).astype(np.uint8)
    write_dicom(tmp_path / "a.dcm", pixels)
    for name in ("b.png", "c.tif", "d.gif"):
        Image.fromarray(pixels).save(tmp_path / name)
    Image.fromarray(pixels).save(tmp_path / "e.jpg", quality=100)
    Image.fromarray(pixels.astype(np.uint16) << 8).save(tmp_path / "f.png")
    Image.fromarray(pixels).convert("CMYK").save(tmp_path / "g.jpg", quality=100)
    names = sorted(path.name for path in tmp_path.iterdir())
    rows = "\n".join(f"{name},{number % 2}" for number, name in enumerate(names))
    (tmp_path / "labels.csv").write_text(f"image,positive\n{rows}\n")
    for sample in Folder().read_labels(tmp_path).samples:
        gray = Folder().read_image(tmp_path, sample)
        assert np.abs(gray.astype(int) - pixels).max() <= 6, sample.id
        color = Folder(channels=3).read_image(tmp_path, sample)
        assert color.shape == (20, 20, 3)
        assert np.abs(color.mean(axis=2) - pixels).max() <= 6


@pytest.mark.parametrize("table", [False, True], ids=["by folder", "by table"])
def test_a_mask_is_what_its_file_shows_and_patients_are_the_tables(table: bool, tmp_path: Path) -> None:
    """A table under its usual name is read without being named."""
    for number in range(30):
        for folder, highest in (("images", 256), ("masks", 3)):
            (tmp_path / folder).mkdir(exist_ok=True)
            pixels = np.random.default_rng([number, highest]).integers(0, highest, (6, 5), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{number}.png")
    (tmp_path / "masks" / "._3.png").write_bytes(b"what macOS writes beside a file")
    (tmp_path / "masks" / "3").mkdir()
    if table:
        rows = "".join(f"images/{number}.png,p{number // 3}\n" for number in range(30))
        (tmp_path / "labels.csv").write_text(f"image,who\n{rows}")
    dataset = Folder(kind="segmentation", classes=("lung",), patient="who" if table else None, foreground="above 0")
    index = dataset.index(tmp_path)
    everyone = index.train + index.validation + index.test
    assert len({sample.patient for sample in everyone}) == (10 if table else 30)
    for sample in everyone:
        shown = np.asarray(Image.open(tmp_path / "masks" / Path(sample.id).name)) > 0
        assert np.array_equal(dataset.read_mask(tmp_path, sample), shown)


def test_an_image_without_a_mask_or_with_two_is_named(tmp_path: Path) -> None:
    expression = 'folder(kind="segmentation", classes=("lung",))'
    root = tmp_path / "mine"
    shutil.copytree(ensure_phantom(parse(expression), tmp_path), root)
    dataset = Folder(kind="segmentation", classes=("lung",))
    mask = sorted((root / "masks").iterdir())[4]
    shutil.copyfile(mask, mask.with_suffix(".gif"))
    with pytest.raises(DataError, match=rf"two masks named {mask.stem}"):
        dataset.index(root)
    mask.with_suffix(".gif").unlink()
    mask.unlink()
    with pytest.raises(DataError, match=rf"1 images have no mask in masks/, such as images/{mask.stem}"):
        dataset.index(root)


def test_how_things_are_called_is_not_part_of_what_is_trained_on(table: Path, tmp_path: Path) -> None:
    before = Folder(patient="who").index(table.parent).identity()
    table.rename(table.with_name("other.csv")).write_text(table.with_name("other.csv").read_text().replace("who", "id"))
    assert Folder(table="other.csv", patient="id").index(tmp_path).identity() == before
    assert {"path", "table", "patient", "split"} <= Folder().membership


@pytest.mark.parametrize("foreground", [(), (0, 1)])
def test_foreground_is_never_nothing_and_never_the_background(foreground: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="expected values of masks that are foreground"):
        Folder(kind="segmentation", classes=("lesion",), foreground=foreground)
