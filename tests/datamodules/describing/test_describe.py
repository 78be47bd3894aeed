"""Each usual layout of a folder is answered with the expression that reads it, or with the choices that it leaves."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datamodules.dataset.contract import Dataset
from datamodules.describing.describe import Description, describe
from datamodules.describing.tried import Tried
from specs.errors import DataError
from specs.expression import parse
from specs.registry import DATASETS
from tests.datamodules.contract import contents
from tests.datamodules.files.test_workbooks import workbook

FLAT = np.full((6, 6), 80, np.uint8)


def images(root: Path, names: Iterable[str], color: bool = False) -> None:
    """Small images, each with a pixel of its own, so that none is a copy of another."""
    for number, name in enumerate(names):
        pixels = FLAT.copy()
        pixels[number % 6, number // 6 % 6] = number % 251
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.stack([pixels, 0 * pixels, pixels], axis=2) if color else pixels).save(root / name)


def masks(root: Path, names: Iterable[str], values: Sequence[int] = (0, 255)) -> None:
    """Masks with bands of the values."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.repeat(np.resize(np.array(values, np.uint8), 6)[:, None], 6, axis=1)).save(root / name)


def table(path: Path, header: str, rows: Iterable[Sequence[object]], separator: str = ",", code: str = "utf-8") -> None:
    lines = [header.replace(",", separator), *(separator.join(map(str, row)) for row in rows)]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(code))


def numbered(form: str, count: int = 40) -> list[str]:
    return [form.format(number) for number in range(count)]


def only(found: Description) -> Tried:
    """The one reading, which is chosen; it can be used as it is."""
    assert found.chosen is not None, [(one.reading.expression, one.error, one.reading.asks) for one in found.readings]
    assert not found.chosen.error
    dataset: Dataset = DATASETS.build(found.chosen.reading.expression)
    dataset.index(found.chosen.reading.root).check("described")
    return found.chosen


def arguments(one: Tried) -> dict[str, Any]:
    return parse(one.reading.expression).arguments()


def count(one: Tried, name: str) -> int:
    assert one.census is not None
    return one.census.total(name)


def test_class_folders_are_classes_and_one_that_says_so_is_the_absence_of_the_other(tmp_path: Path) -> None:
    images(tmp_path, [*numbered("normal/{}.png"), *numbered("pneumonia/{}.png", 20)])
    (tmp_path / "normal" / "Thumbs.db").write_bytes(b"")
    (tmp_path / "pneumonia" / "notes.txt").write_text("beside")
    before = contents(tmp_path)
    one = only(describe(tmp_path))
    assert one.reading.expression == (
        f'folder("{tmp_path}", classes=("pneumonia",), labels="folders", negative=("normal",))'
    )
    assert (count(one, "images"), count(one, "pneumonia")) == (60, 20)
    assert contents(tmp_path) == before


def test_class_folders_below_splits_keep_them_and_a_split_that_is_lacking_is_said(tmp_path: Path) -> None:
    kinds = ("a1", "b2", "c3")
    names = [f"{split}/{kind}/{n}.jpg" for split in ("train", "Test") for kind in kinds for n in range(20)]
    images(tmp_path / "unpacked", names, color=True)
    (tmp_path / "__MACOSX").mkdir()
    one = only(describe(tmp_path))
    assert arguments(one) == {
        "kind": "multiclass", "classes": kinds, "labels": "folders", "split_by": "folders",
        "empty_split": "from train", "channels": 3,
    }  # fmt: skip
    assert one.census is not None
    assert list(one.census.counts["images"].values()) == [54, 6, 60]
    assert any("there is no validation split" in said for said in one.reading.unsure)


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_of_any_usual_form_says_images_labels_patients_and_splits(
    separator: str, code: str, tmp_path: Path
) -> None:
    """Names without endings in another case, labels with a decimal comma, a blank row, a row of separators."""
    images(tmp_path, numbered("Bilder/Übung {}.PNG", 80))
    one = "1,0" if separator != "," else "1.0"
    rows = [
        (
            f"übung {n}",
            one if n % 3 == 0 else "0",
            f"Frau Müller {n // 2}",
            30 + n % 7,
            ("train", "val", "test")[n // 30],
        )
        for n in range(80)
    ]
    table(tmp_path / "liste.csv", "Bild File,tumor,patient id,age,teil", [*rows, ("",) * 5, ("",)], separator, code)
    described = only(describe(tmp_path))
    assert arguments(described) == {
        "classes": ("tumor",), "table": "liste.csv", "image": "Bild File", "patient": "patient id", "split": "teil",
        **({"encoding": "cp1252"} if code == "cp1252" else {}),
    }  # fmt: skip
    assert (count(described, "patients"), count(described, "tumor")) == (40, 27)
    stated = [said for said in described.reading.unsure if "older Windows programs" in said]
    assert len(stated) == (code == "cp1252")


def test_a_workbook_is_described_sheet_by_sheet(tmp_path: Path) -> None:
    images(tmp_path, numbered("{}.png"))
    rows = [["file", "grade"], *([f"{n}.png", n % 4] for n in range(40))]
    workbook(tmp_path / "labels.xlsx", {"grades": rows, "remarks": [["text"], ["nothing"]]})
    one = only(describe(tmp_path))
    assert arguments(one) == {
        "kind": "multiclass", "classes": ("0", "1", "2", "3"), "label": "grade", "table": "labels.xlsx",
        "image": "file", "sheet": "grades",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("image,ill", lambda n: ("yes", "no")[n % 2], {"classes": ("ill",), "positive": ("yes",), "negative": ("no",)}),
        ("image,dx", lambda n: ("benign", "malignant")[n % 2],
         {"classes": ("malignant",), "label": "dx", "positive": ("malignant",), "negative": ("benign",)}),
        ("image,dx", lambda n: ("mel", "nv", "bcc")[n % 3],
         {"kind": "multiclass", "classes": ("bcc", "mel", "nv"), "label": "dx"}),
        ("image,a,b,c", lambda n: ("1,0,0", "0,1,0", "0,0,1")[n % 3],
         {"kind": "multiclass", "classes": ("a", "b", "c"), "labels": "one-hot"}),
        ("image,a,b,c", lambda n: ("1,0,1", "0,1,nan", "1,,0")[n % 3],
         {"kind": "multilabel", "classes": ("a", "b", "c"), "unlabelled": ("nan",)}),
        ("image,Finding Labels", lambda n: ("a|b", "b", "No Finding")[n % 3],
         {"kind": "multilabel", "classes": ("a", "b"), "labels": "lists", "label": "Finding Labels",
          "negative": ("No Finding",)}),
        ("image,dx,dx_id", lambda n: ("mel,0", "nv,1", "bcc,2")[n % 3],
         {"kind": "multiclass", "classes": ("bcc", "mel", "nv"), "label": "dx"}),
    ],
    ids=["yes and no", "two words", "names", "one-hot", "findings", "lists", "names and their numbers"],
)  # fmt: skip
def test_labels_of_any_usual_form(header: str, cell: Any, expected: dict[str, object], tmp_path: Path) -> None:
    images(tmp_path, numbered("{}.png", 60))
    table(tmp_path / "labels.csv", header, [(f"{n}.png", cell(n)) for n in range(60)])
    one = only(describe(tmp_path))
    assert arguments(one) == expected | {"table": "labels.csv", "image": "image"}


def test_a_column_of_many_numbers_is_a_measure_unless_its_name_says_label(tmp_path: Path) -> None:
    """Ages in years, in a hospital's own language, leave no choice; 25 numbered classes called so are classes."""
    ages = [(f"{n}.png", 40 + n % 25, n % 2) for n in range(100)]
    images(tmp_path / "ward", numbered("{}.png", 100))
    table(tmp_path / "ward" / "befunde.csv", "image,Alter,ill", ages)
    described = describe(tmp_path / "ward")
    one = only(described)
    assert (arguments(one)["classes"], count(one, "ill")) == (("ill",), 50)
    assert not any("Alter" in said for said in one.reading.unsure)
    assert described.found == ("100 image files (100 .png) in one folder", "1 table: befunde.csv")
    images(tmp_path / "kinds", numbered("{}.png", 100))
    table(tmp_path / "kinds" / "befunde.csv", "image,label", [row[:2] for row in ages])
    assert arguments(only(describe(tmp_path / "kinds")))["classes"] == tuple(str(40 + n) for n in range(25))


def test_rows_of_readers_leave_a_choice_and_rows_that_agree_leave_none(tmp_path: Path) -> None:
    images(tmp_path / "boxes", numbered("{}.png"))
    seen = [(n, reader, "nodule" if n % 4 == 0 or (n % 4 == 1 and reader == "R1") else "No finding")
            for n in range(40) for reader in ("R1", "R2", "R3")]  # fmt: skip
    rows = [(f"{n}", finding, reader, 1, 2, 3, 4) for n, reader, finding in seen]
    more = [(f"{n}", "mass", "R1", 1, 2, 3, 4) for n in range(0, 40, 4)]
    table(tmp_path / "boxes" / "train.csv", "image_id,class_name,rad_id,x_min,y_min,x_max,y_max", rows + more)
    found = describe(tmp_path / "boxes")
    assert found.chosen is None
    assert [arguments(one)["readers"] for one in found.readings] == ["any", "majority"]
    assert [count(one, "nodule") for one in found.readings] == [20, 10]
    assert [count(one, "mass") for one in found.readings] == [10, 0]
    images(tmp_path / "same", numbered("{}.png"))
    boxes = [(n, i, n % 2) for n in range(40) for i in range(1 + n % 2)]
    table(tmp_path / "same" / "l.csv", "patientId,x,Target", boxes)
    one = only(describe(tmp_path / "same"))
    assert (arguments(one)["labels"], count(one, "positive"), count(one, "images")) == ("rows", 20, 40)


def test_tables_of_splits_are_one_and_patients_may_be_in_another_table(tmp_path: Path) -> None:
    images(tmp_path / "s", numbered("{}.png", 90))
    for name, begin in (("train", 0), ("val", 50), ("test", 70)):
        end = {0: 50, 50: 70, 70: 90}[begin]
        table(tmp_path / "s" / f"{name}.csv", "image,ill", [(f"{n}.png", n % 2) for n in range(begin, end)])
    one = only(describe(tmp_path / "s"))
    assert (arguments(one)["split_by"], set(arguments(one)["table"])) == (
        "tables",
        {"train.csv", "val.csv", "test.csv"},
    )
    assert one.census is not None
    assert list(one.census.counts["images"].values()) == [50, 20, 20]
    images(tmp_path / "p", numbered("{}.png"))
    table(tmp_path / "p" / "labels.csv", "image,ill", [(f"{n}.png", n % 2) for n in range(40)])
    table(
        tmp_path / "p" / "people.csv", "image,patient,sex", [(f"{n}.png", f"p{n // 4}", "MF"[n % 2]) for n in range(40)]
    )
    one = only(describe(tmp_path / "p"))
    assert arguments(one)["table"] == ("labels.csv", "people.csv")
    assert count(one, "patients") == 10


@pytest.mark.parametrize(
    ("image", "mask", "expected"),
    [
        ("images/{}.png", "masks/{}.png", {"images": "images", "masks": "masks"}),
        ("Images/{}.JPG", "Labels/{}.png", {"images": "Images", "masks": "Labels"}),
        ("images/{}.png", "masks/{}_segmentation.png",
         {"images": "images", "masks": "masks", "mask_suffix": "_segmentation"}),
        ("{}.png", "{}_mask.png", {"images": ".", "masks": ".", "mask_suffix": "_mask"}),
        ("all/{}.png", "all/mask_{}.png", {"images": "all", "masks": "all", "mask_prefix": "mask_"}),
        ("{}_image.png", "{}_label.png",
         {"images": ".", "masks": ".", "image_suffix": "_image", "mask_suffix": "_label"}),
        ("train/images/{}.png", "train/masks/{}.png", {"images": "train/images", "masks": "train/masks"}),
    ],
)  # fmt: skip
def test_masks_are_found_by_folder_suffix_and_prefix(
    image: str, mask: str, expected: dict[str, object], tmp_path: Path
) -> None:
    images(tmp_path, numbered(image, 24))
    masks(tmp_path, numbered(mask, 24))
    (tmp_path / "about.txt").write_text("without it, a folder that holds all is looked into")
    inner = only(describe(tmp_path))
    got = arguments(inner)
    assert {key: got[key] for key in got if key not in ("kind", "classes")} == expected
    assert count(inner, "images") == 24
    dataset: Dataset = DATASETS.build(inner.reading.expression)
    sample = dataset.index(inner.reading.root).train[0]
    assert dataset.read_mask(inner.reading.root, sample).mean() == 0.5


def test_masks_below_splits_keep_them(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        images(tmp_path, numbered(f"{split}/images/{{}}.png", 10))
        masks(tmp_path, numbered(f"{split}/masks/{{}}.png", 10))
    one = only(describe(tmp_path))
    expected = {"images": "*/images", "masks": "*/masks", "split_by": "folders"}
    assert {key: arguments(one)[key] for key in expected} == expected
    assert one.census is not None
    assert list(one.census.counts["images"].values()) == [10, 10, 10]


def test_masks_of_two_observers_are_a_choice_and_those_of_the_other_are_no_images(tmp_path: Path) -> None:
    eyes = [f"Image_{n:02d}{eye}" for n in range(14) for eye in "LR"]
    images(tmp_path, [f"{name}.jpg" for name in eyes])
    masks(tmp_path, [f"{name}_{who}.png" for name in eyes for who in ("1stHO", "2ndHO")])
    found = describe(tmp_path)
    assert found.chosen is None
    assert [(arguments(one)["mask_suffix"], arguments(one)["second"]) for one in found.readings] == [
        ("_1stHO", "_2ndHO"), ("_2ndHO", "_1stHO"),
    ]  # fmt: skip
    assert {(count(one, "images"), count(one, "patients")) for one in found.readings} == {(28, 14)}


def test_what_masks_hold_is_said_and_several_classes_are_asked_about(tmp_path: Path) -> None:
    for name, values in (("classes", (0, 1, 2)), ("empty", (0, 0))):
        images(tmp_path / name, numbered("images/{}.png", 20))
        masks(tmp_path / name, numbered("masks/{}.png", 20), values)
    found = describe(tmp_path / "classes")
    assert found.chosen is None
    (asks,) = {one.reading.asks for one in found.readings}
    assert asks == "are the 2 values of masks beside 0 one foreground, or classes?"
    one, each = sorted(found.readings, key=lambda one: "foreground" not in arguments(one))
    assert arguments(one)["foreground"] == "above 0"
    assert arguments(each)["classes"] == ("value 1", "value 2")
    assert any("no mask that was looked at shows" in said for said in only(describe(tmp_path / "empty")).reading.unsure)
    images(tmp_path / "jpeg", numbered("images/{}.png", 20))
    noisy = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    for n in range(20):
        (tmp_path / "jpeg" / "masks").mkdir(exist_ok=True)
        Image.fromarray(noisy).save(tmp_path / "jpeg" / "masks" / f"{n}.jpg")
    assert arguments(only(describe(tmp_path / "jpeg")))["foreground"] == "above half"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0, 1, 2, 3), {"classes": ("value 1", "value 2", "value 3")}),
        ((0, 50, 200), {"classes": ("value 50", "value 200"), "values": (50, 200)}),
        ((0, 1, 2, 255), {"classes": ("value 1", "value 2"), "ignored": (255,)}),
    ],
)
def test_values_of_masks_may_be_classes(values: Sequence[int], expected: dict[str, object], tmp_path: Path) -> None:
    images(tmp_path, numbered("images/{}.png", 20))
    masks(tmp_path, numbered("masks/{}.png", 20), values)
    (each,) = (one for one in describe(tmp_path).readings if "foreground" not in arguments(one))
    assert not each.error
    found = arguments(each)
    assert {name: found[name] for name in ("classes", "values", "ignored") if name in found} == expected
    dataset: Dataset = DATASETS.build(each.reading.expression)
    sample = dataset.index(each.reading.root).train[0]
    wanted = set(range(len(expected["classes"]) + 1)) | {*expected.get("ignored", ())}  # type: ignore[arg-type, misc]
    assert set(np.unique(dataset.read_mask(each.reading.root, sample))) == wanted


def test_colors_of_masks_are_classes_and_too_many_of_them_are_no_mask(tmp_path: Path) -> None:
    colors = np.array([[0, 0, 0], [255, 0, 0], [0, 128, 255]], np.uint8)
    for name, drawn in (("few", colors), ("many", np.random.default_rng(0).integers(0, 256, (36, 3), dtype=np.uint8))):
        images(tmp_path / name, numbered("images/{}.png", 20))
        (tmp_path / name / "masks").mkdir()
        for n in range(20):
            Image.fromarray(np.resize(drawn, (6, 6, 3))).save(tmp_path / name / "masks" / f"{n}.png")
    found = only(describe(tmp_path / "few"))
    assert arguments(found)["classes"] == ("color 0080ff", "color ff0000")
    assert arguments(found)["values"] == ("#0080ff", "#ff0000")
    many = describe(tmp_path / "many")
    assert many.chosen is None
    assert any("hold many colors" in one.reading.asks for one in many.readings)


def test_two_columns_that_may_be_the_label_are_listed_and_none_is_taken(tmp_path: Path) -> None:
    images(tmp_path, numbered("{}.png"))
    table(
        tmp_path / "l.csv",
        "image,tissue,stage,sex",
        [(f"{n}.png", "abc"[n % 3], "IV"[n % 2], "MF"[n % 2]) for n in range(40)],
    )
    found = describe(tmp_path)
    assert found.chosen is None
    assert [arguments(one)["label"] for one in found.readings] == ["tissue", "stage"]


def test_patients_in_names_stay_together_unless_the_given_splits_divide_them(tmp_path: Path) -> None:
    names = [f"{kind}/person{n}_{view}.png" for kind in ("normal", "ill") for n in range(20) for view in "ab"]
    images(tmp_path / "free", names)
    one = only(describe(tmp_path / "free"))
    assert count(one, "patients") == 20
    images(tmp_path / "given", [f"{s}/{name}" for s in ("train", "val", "test") for name in names])
    found = describe(tmp_path / "given")
    assert found.chosen is None
    assert ["patient_in_name" in arguments(one) for one in found.readings] == [False, True]
    assert "20 patients would be in two of the given splits" in str(found.readings[1].reading.unsure)
    assert [one.census.faults for one in found.readings if one.census] == [[], []]


def test_given_splits_that_divide_a_patient_of_the_table_are_not_used(tmp_path: Path) -> None:
    images(tmp_path, numbered("{}.png"))
    rows = [(f"{n}.png", n % 2, f"p{n // 4}", ("train", "val", "test", "train")[n % 4]) for n in range(40)]
    table(tmp_path / "l.csv", "image,ill,patient,split", rows)
    one = only(describe(tmp_path))
    assert "split" not in arguments(one)
    assert "10 patients are in two of the given splits, so these are not used" in one.reading.unsure


def test_a_part_of_the_images_is_a_dataset_and_none_of_them_is_a_question(tmp_path: Path) -> None:
    table(tmp_path / "l.csv", "image,ill", [(f"{n}.png", n % 2) for n in range(400)])
    found = describe(tmp_path)
    assert found.chosen is None
    assert found.readings[0].reading.asks.startswith("where are the images? 400 of 400 images have no file")
    images(tmp_path, numbered("{}.png", 60))
    one = only(describe(tmp_path))
    assert arguments(one)["missing"] == "leave out"
    assert count(one, "images") == 60
    assert "340 of 400 images have no file, such as 100.png; they are left out" in one.reading.unsure


def test_what_is_not_read_is_said(tmp_path: Path) -> None:
    for name in ("case1/t1.nii.gz", "case1/seg.nii.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = describe(tmp_path)
    assert not found.readings
    (said,) = found.unread
    assert "seg.nii.gz (0 bytes) cannot be read: by its content it is no NIfTI file" in said
    images(tmp_path, ["1.png", "2.png"])
    table(tmp_path / "l.csv", "image,ill,ill", [("1.png", 0, 1), ("2.png", 1, 0)])
    assert 'l.csv has 2 columns called "ill", of which none is used' in describe(tmp_path).unread
    with pytest.raises(DataError, match="is no folder"):
        describe(tmp_path / "1.png")


def test_chase_db1_is_described_as_published(real_data: Path) -> None:
    found = describe(real_data / "chasedb1")
    assert [arguments(one)["mask_suffix"] for one in found.readings] == ["_1stHO", "_2ndHO"]
    assert {(count(one, "images"), count(one, "patients")) for one in found.readings} == {(28, 14)}
    assert all(arguments(one)["channels"] == 3 for one in found.readings)


def test_vindrs_table_of_boxes_gives_the_published_counts_by_either_rule(real_data: Path, tmp_path: Path) -> None:
    text = gzip.decompress((real_data / "vindr" / "vinbigdata-train.csv.gz").read_bytes())
    (tmp_path / "train.csv").write_bytes(text)
    found = describe(tmp_path)
    assert [arguments(one)["readers"] for one in found.readings] == ["any", "majority"]
    assert [count(one, "Aortic enlargement") for one in found.readings] == [3_067, 2_346]
    assert [count(one, "Pneumothorax") for one in found.readings] == [96, 58]
    assert [count(one, "images") for one in found.readings] == [15_000, 15_000]
