"""A folder of volumes is described as what it is, in the usual layouts; what is not clear is not guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.describing.describe import Description, describe
from datamodules.files.nifti import write_nifti
from datamodules.slicing.drawing import write_series
from specs.expression import parse
from tests.datamodules.describing.test_describe import images as write_images
from tests.datamodules.describing.test_describe import only, table

LAYOUTS = {
    "a folder for each case": ("case_{}/imaging.nii.gz", "case_{}/aaa_segmentation.nii.gz"),
    "two folders with the same names": ("img/p{}.nii.gz", "gt/p{}.nii.gz"),
    "two folders with a suffix": ("imagesTr/liver_{}_0000.nii.gz", "labelsTr/liver_{}.nii.gz"),
    "one folder with a suffix": ("{}.nii.gz", "{}_seg.nii.gz"),
    "one folder with two suffixes": ("s-{}_t1.nii", "s-{}_mask.nii"),
}

FOUND = {
    "a folder for each case": ("*/imaging.nii.gz", "*/aaa_segmentation.nii.gz"),
    "two folders with the same names": ("img/*.nii.gz", "gt/*.nii.gz"),
    "two folders with a suffix": ("imagesTr/*_0000.nii.gz", "labelsTr/*.nii.gz"),
    "one folder with a suffix": ("*.nii.gz", "*_seg.nii.gz"),
    "one folder with two suffixes": ("*_t1.nii", "*_mask.nii"),
}


def write(root: Path, images: str, masks: str, value: int = 1) -> None:
    """Twelve volumes of noise with masks."""
    for number in range(12):
        noise = np.random.default_rng(number).normal(0, 100, (6, 5, 4)).astype(np.int16)
        write_nifti(root / images.format(f"{number:03d}"), noise, np.eye(4))
        write_nifti(root / masks.format(f"{number:03d}"), (noise > 0).astype(np.uint8) * value, np.eye(4))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_and_masks_of_the_same_cases_are_one_dataset(layout: str, tmp_path: Path) -> None:
    write(tmp_path, *LAYOUTS[layout])
    found = describe(tmp_path)
    assert found.chosen is not None and found.chosen.census is not None
    call = parse(found.chosen.reading.expression)
    assert (call.name, dict(call.kwargs)["images"], dict(call.kwargs)["masks"]) == ("volumes", *FOUND[layout])
    assert found.chosen.census.total("images") == 48
    assert found.unread == ()


def test_several_values_of_masks_are_a_question(tmp_path: Path) -> None:
    write(tmp_path, "a/{}.nii.gz", "b/{}.nii.gz")
    write_nifti(tmp_path / "b" / "003.nii.gz", np.full((6, 5, 4), 2, np.uint8), np.eye(4))
    found = describe(tmp_path)
    assert found.chosen is None
    assert [dict(parse(one.reading.expression).kwargs)["classes"] for one in found.readings] == [
        ("foreground",), ("value 1", "value 2"),
    ]  # fmt: skip
    assert found.readings[0].reading.asks


@pytest.mark.parametrize(
    ("images", "masks"), [("t1/{}.nii.gz", "t2/{}.nii.gz"), ("images/{}.nii.gz", "masks/mask{}x.nii.gz")]
)
def test_volumes_of_which_none_are_masks_of_the_others_are_not_read(images: str, masks: str, tmp_path: Path) -> None:
    write(tmp_path, images, masks)
    if "t2" in masks:
        for number in range(12):
            noise = np.random.default_rng(number).normal(0, 100, (6, 5, 4)).astype(np.int16)
            write_nifti(tmp_path / masks.format(f"{number:03d}"), noise, np.eye(4))
    found = describe(tmp_path)
    assert found.readings == ()
    assert "no images and masks of the same names are among them" in found.unread[0]


SEQUENCES = ("flair", "t1", "t2")


def arguments(found: Description) -> list[dict[str, object]]:
    """The arguments of each reading, all of which can be used as they are."""
    assert all(not one.error for one in found.readings), [one.error for one in found.readings]
    return [dict(parse(one.reading.expression).kwargs) for one in found.readings]


def series(folder: Path, seed: int, mask: bool = False) -> None:
    """A DICOM series of noise, or a mask of it."""
    noise = np.random.default_rng(seed).normal(0, 100, (6, 5, 2)).astype(np.int16)
    write_series(folder, (noise > 0).astype(np.int16) if mask else noise, np.eye(4), intercept=0)


@pytest.mark.parametrize("form", ["case{0}/{1}.nii.gz", "B_{0}/B_{0}_{1}.nii.gz", "{0}-{1}.nii.gz", "{1}/{0}.nii.gz"])
def test_of_several_volumes_a_case_each_may_be_the_image_and_none_is_chosen(form: str, tmp_path: Path) -> None:
    for number in range(12):
        for place, sequence in enumerate(SEQUENCES):
            noise = np.random.default_rng([number, place]).normal(0, 100, (6, 5, 4)).astype(np.int16)
            write_nifti(tmp_path / form.format(f"{number:03d}", sequence), noise, np.eye(4))
        write_nifti(tmp_path / form.format(f"{number:03d}", "seg"), (noise > 0).astype(np.uint8), np.eye(4))
    found = describe(tmp_path)
    assert found.chosen is None
    starred = form.replace("case{0}", "*").replace("B_{0}/B_{0}", "*/*").replace("{0}", "*")
    assert [(one["images"], one["masks"]) for one in arguments(found)] == [
        (starred.format("", one), starred.format("", "seg")) for one in SEQUENCES
    ]
    for one in found.readings:
        assert any("which of them are channels of one image cannot be told" in said for said in one.reading.unsure)
        assert one.census is not None and one.census.total("images") == 48


def test_series_in_class_folders_are_volumes_and_not_images(tmp_path: Path) -> None:
    for number in range(24):
        series(tmp_path / ("normal", "ill")[number % 2] / f"scan {number:02d}" / "ct", number)
    one = only(describe(tmp_path))
    assert one.reading.expression == (
        f'volumes("{tmp_path}", kind="binary", classes=("ill",), negative=("normal",), labels="folders", '
        'images="*/*/ct")'
    )
    assert one.census is not None
    assert (one.census.total("images"), one.census.total("ill")) == (48, 24)


def test_several_series_of_a_folder_are_those_of_a_patient(tmp_path: Path) -> None:
    for number in range(36):
        series(tmp_path / "data" / "abc"[number % 3] / f"{number // 6}" / f"{number}", number)
    (tmp_path / "about.txt").write_text("text")
    (one,) = describe(tmp_path).readings
    kwargs = dict(parse(one.reading.expression).kwargs)
    assert (kwargs["classes"], kwargs["images"]) == (("a", "b", "c"), "data/*/*/*")
    assert kwargs["patient_in_name"] == "^[^/]+/[^/]+/([^/]+)"
    assert one.census is not None and one.census.total("patients") == 6


def test_folders_that_may_be_patients_are_a_question(tmp_path: Path) -> None:
    for number in range(24):
        series(tmp_path / f"{number // 12}x" / f"{number}", number)
    found = describe(tmp_path)
    assert found.chosen is None
    assert found.readings[0].reading.asks == "are these folders classes, or patients?"


@pytest.mark.parametrize("cell", ["{}", "scans/{}"])
def test_a_table_labels_series_by_their_folders(cell: str, tmp_path: Path) -> None:
    for number in range(24):
        series(tmp_path / "scans" / f"s{number}", number)
    rows = [(cell.format(f"s{number}"), "bc"[number % 2], f"p{number // 2}") for number in range(24)]
    table(tmp_path / "cases.csv", "scan,diagnosis,patient", rows)
    one = only(describe(tmp_path))
    kwargs = dict(parse(one.reading.expression).kwargs)
    assert kwargs == {
        "kind": "multiclass", "classes": ("b", "c"), "label": "diagnosis", "table": "cases.csv", "case": "scan",
        "patient": "patient", "images": "scans/*",
    }  # fmt: skip
    assert one.census is not None
    assert (one.census.total("images"), one.census.total("patients")) == (48, 12)


def test_a_table_may_name_files_of_volumes_by_their_last_part(tmp_path: Path) -> None:
    write(tmp_path, "scans/v{}.nii.gz", "spare/{}.nii.gz")
    for path in (tmp_path / "spare").iterdir():
        path.unlink()
    table(tmp_path / "l.csv", "file,ill", [(f"v{number:03d}.nii.gz", number % 2) for number in range(12)])
    one = only(describe(tmp_path))
    assert dict(parse(one.reading.expression).kwargs)["images"] == "scans/*.nii.gz"
    assert one.census is not None and one.census.total("ill") == 24


def test_labels_of_several_columns_are_not_read_of_volumes_and_that_is_said(tmp_path: Path) -> None:
    for number in range(12):
        series(tmp_path / f"s{number}", number)
    table(tmp_path / "l.csv", "scan,a,b", [(f"s{number}", number % 2, number % 3 // 2) for number in range(12)])
    found = describe(tmp_path)
    assert found.readings == ()
    assert found.unread[0].startswith("l.csv: 2 findings: volumes have one column of 0 and 1, or of one class each")


@pytest.mark.parametrize("masks", ["series", "nifti"])
def test_series_with_masks_are_segmented_and_a_table_says_the_patients(masks: str, tmp_path: Path) -> None:
    for number in range(12):
        case = tmp_path / f"s{number:02d}"
        series(case / "ct", number)
        if masks == "series":
            series(case / "mask", number, mask=True)
        else:
            noise = np.random.default_rng(number).normal(0, 100, (6, 5, 2)).astype(np.int16)
            write_nifti(case / "mask.nii.gz", (noise > 0).astype(np.uint8), np.eye(4))
    table(tmp_path / "who.csv", "case,patient,sex", [(f"s{n:02d}", f"p{n // 2}", "MF"[n % 2]) for n in range(12)])
    one = only(describe(tmp_path))
    kwargs = dict(parse(one.reading.expression).kwargs)
    assert (kwargs["images"], kwargs["masks"]) == ("*/ct", "*/mask" + (".nii.gz" if masks == "nifti" else ""))
    assert (kwargs["table"], kwargs["case"], kwargs["patient"]) == ("who.csv", "case", "patient")
    assert one.census is not None
    assert (one.census.total("images"), one.census.total("patients")) == (24, 6)


def test_series_without_labels_are_told_and_several_in_a_folder_too(tmp_path: Path) -> None:
    for number in range(4):
        series(tmp_path / "alone" / f"{number}", number)
    assert describe(tmp_path / "alone").unread[0].startswith("4 folders hold the slices of a DICOM series each")
    for number in (1, 2):
        series(tmp_path / f"x{number}", number)
        for path in sorted((tmp_path / f"x{number}").iterdir()):
            (tmp_path / "mixed").mkdir(exist_ok=True)
            path.rename(tmp_path / "mixed" / f"{number}{path.name}")
    (said,) = [one for one in describe(tmp_path / "mixed").unread if "several series" in one]
    assert "sort them into folders" in said


def test_images_beside_series_are_described_too(tmp_path: Path) -> None:
    for number in range(24):
        series(tmp_path / "ct" / ("normal", "ill")[number % 2] / f"{number:02d}", number)
    write_images(tmp_path, [f"photos/{kind}/{kind}{n}.png" for kind in ("a", "b") for n in range(20)])
    found = describe(tmp_path)
    assert "24 folders hold a DICOM series each" in found.found
    assert [one.reading.dataset for one in found.readings] == ["volumes"]
