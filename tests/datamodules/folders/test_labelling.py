"""A folder's labels by rows, lists, words and several tables, its names, and what of its arguments does not fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from datamodules.chestxray14 import ChestXray14
from datamodules.dataset.contract import Dataset
from datamodules.dataset.counting import census
from datamodules.folder import Folder
from datamodules.phantoms.phantom import ensure_phantom
from datamodules.prepared.view import view_of
from specs.errors import DataError, UsageError
from specs.expression import parse
from specs.registry import DATASETS


def write(root: Path, files: Sequence[str] = (), **tables: str) -> Path:
    for number, name in enumerate(files):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), number).save(root / name)
    for name, text in tables.items():
        (root / f"{name}.csv").write_text(text)
    return root


def targets(folder: Folder, root: Path) -> dict[str, tuple[float, ...]]:
    return {sample.id: sample.target for sample in folder.read_labels(root).samples}


ROWS = "image,finding,reader\na,x,1\na,x,2\na,y,1\na,none,3\nb,none,1\nb,none,2\nb,y,3\n"
"""Of image a two of three readers saw x, and one y; of image b one saw y."""


@pytest.mark.parametrize(("readers", "a", "b"), [("any", (1, 1), (0, 1)), ("majority", (1, 0), (0, 0))])
def test_rows_of_readers_are_joined_by_a_stated_rule(readers: Any, a: object, b: object, tmp_path: Path) -> None:
    write(tmp_path, labels=ROWS)
    common: dict[str, Any] = {"kind": "multilabel", "classes": ("x", "y"), "labels": "rows", "label": "finding"}
    common |= {"negative": ("none",), "reader": "reader"}
    assert targets(Folder(**common, readers=readers), tmp_path) == {"a": a, "b": b}
    with pytest.raises(UsageError, match=r"of 2 images rows or readers say different things, such as of a\. Say what"):
        Folder(**common).read_labels(tmp_path)
    with pytest.raises(DataError, match=r'line 5: finding is "none", expected one of x, y'):
        Folder(**(common | {"negative": ()})).read_labels(tmp_path)


def test_without_a_reader_every_row_of_findings_counts_and_answers_have_to_agree(tmp_path: Path) -> None:
    write(tmp_path, labels="image,finding,who\na,x,p\na,y,p\nb,,q\n")
    rows = Folder(kind="multilabel", classes=("x", "y"), labels="rows", label="finding", patient="who")
    assert targets(rows, tmp_path) == {"a": (1, 1), "b": (0, 0)}
    write(tmp_path, labels="image,finding,who\na,x,p\na,y,other\n")
    with pytest.raises(DataError, match="line 3: a has another patient or split than in line 2"):
        rows.read_labels(tmp_path)
    write(tmp_path, labels="image,ill\na,1\na,1\nb,0\nb,1\nb,0\n")
    for readers, b in (("any", 1), ("majority", 0)):
        assert targets(Folder(classes=("ill",), labels="rows", readers=readers), tmp_path) == {"a": (1,), "b": (b,)}  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="of 1 images"):
        Folder(classes=("ill",), labels="rows").read_labels(tmp_path)


def test_lists_and_one_hot_columns_and_words(tmp_path: Path) -> None:
    write(tmp_path, labels="image,l,a,b\n1,a|b,1.0,0.0\n2,none,0,1\n3,b; a,no,yes\n")
    lists = Folder(kind="multilabel", classes=("a", "b"), labels="lists", label="l", negative=("none",))
    assert targets(lists, tmp_path) == {"1": (1, 1), "2": (0, 0), "3": (1, 1)}
    words: dict[str, Any] = {"positive": ("yes",), "negative": ("no",)}
    one_hot = Folder(kind="multiclass", classes=("a", "b"), labels="one-hot", **words)
    assert targets(one_hot, tmp_path) == {"1": (0,), "2": (1,), "3": (1,)}
    with pytest.raises(DataError, match='line 4: a is "no", expected one of 0, 1'):
        Folder(kind="multilabel", classes=("a", "b")).read_labels(tmp_path)
    write(tmp_path, labels="image,a,b\n1,1,1\n2,?,0\n")
    with pytest.raises(DataError, match=r"line 2: 2 of the classes a, b are 1, expected one"):
        Folder(kind="multiclass", classes=("a", "b"), labels="one-hot").read_labels(tmp_path)
    found = targets(Folder(kind="multilabel", classes=("a", "b"), unlabelled=("?",)), tmp_path)
    assert math.isnan(found["2"][0])


def test_columns_of_other_tables_are_looked_up_by_the_image(tmp_path: Path) -> None:
    write(tmp_path, one="image,ill\na,1\n", two="image,ill\nb,0\n", people="image,who\na,p\nb,q\nc,r\n")
    folder = Folder(classes=("ill",), table=("one.csv", "people.csv", "two.csv"), patient="who")
    assert {sample.id: sample.patient for sample in folder.read_labels(tmp_path).samples} == {"a": "p", "b": "q"}
    write(tmp_path, people="image,who\na,p\n")
    with pytest.raises(DataError, match=r"two\.csv, line 2: b has no row in .*people\.csv"):
        folder.read_labels(tmp_path)
    with pytest.raises(UsageError, match='has no column "sex"'):
        Folder(classes=("ill",), table=("one.csv", "people.csv"), patient="sex").read_labels(tmp_path)


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("a", "a.png"), ("A.PNG", "a.png"), ("a.png", "scans/a.png"), ("scans/a", "x/scans/a.JPG"),
        (".\\scans\\a.png", "scans/a.png"), ("U\u0308.png", "\u00dc.png"), ("C:\\ward\\scans\\a.png", "scans/a.png"),
        ("/mnt/old/scans/a.png", "scans/a.png"), ("1.2.840", "1.2.840.dcm"), ("at 12:30.png", "at 12:30.png"),
    ],
)  # fmt: skip
def test_a_name_that_is_written_otherwise_is_found(cell: str, file: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(b"")
    write(tmp_path, labels=f"image,positive\n{cell},1\n")
    (sample,) = Folder().read_labels(tmp_path).samples
    assert sample.source == file


def test_of_several_files_that_a_name_may_mean_none_is_taken_but_the_one_among_the_images(tmp_path: Path) -> None:
    write(tmp_path, ["x/a.png", "y/a.png", "images/b.png", "masks/b.png"], labels="image,positive\na,1\nb,0\n")
    sources = {sample.id: sample.source for sample in Folder().read_labels(tmp_path).samples}
    assert sources == {"a": "a", "b": "images/b.png"}
    write(tmp_path, labels="image,positive\nb,1\nB.png,0\n")
    with pytest.raises(DataError, match=r"line 3: B\.png and b are the same file"):
        Folder().read_labels(tmp_path)


def test_links_are_followed_once_and_what_lies_beside_images_is_none(tmp_path: Path) -> None:
    write(tmp_path, ["images/1.png", "images/2.png", "masks/1.png", "masks/2.png"])
    (tmp_path / "images" / "around").symlink_to(tmp_path / "images")
    for name in ("notes.txt", "Thumbs.db", "list.csv", "._1.png"):
        (tmp_path / "images" / name).write_bytes(b"beside")
    (tmp_path / "images" / "no ending").write_bytes((tmp_path / "images" / "1.png").read_bytes())
    (tmp_path / "masks" / "no ending.png").write_bytes((tmp_path / "masks" / "1.png").read_bytes())
    folder = Folder(kind="segmentation", classes=("lesion",))
    assert [one.id for one in folder.read_labels(tmp_path).samples] == [
        "images/1.png",
        "images/2.png",
        "images/no ending",
    ]


def test_what_is_missing_is_one_sentence_with_the_nearest_name_or_is_left_out(tmp_path: Path) -> None:
    files = [f"{n}.jpg" for n in range(60)]
    rows = "".join(f"{n}.{'jpg' if n < 60 else 'png'},{n % 2}\n" for n in range(100))
    write(tmp_path, [*files, "60.jpg"], labels=f"image,positive\n{rows}")
    view = view_of(Folder(), tmp_path, tmp_path / "prepared", "prepare", thorough=True)
    (said,) = view.faults()
    assert said.startswith("40 of 100 images have no file, the first ")
    assert "60.png, beside which there is 60.jpg" in said
    assert 'missing="leave out"' in said
    part = Folder(missing="leave out").index(tmp_path)
    assert sum(len(part.split(name)) for name in ("train", "validation", "test")) == 60
    assert part.excluded == {f"{n}.png": "without a file" for n in range(60, 100)}
    assert part.identity()["excluded"] != Folder().index(tmp_path).identity()["excluded"]


def test_a_part_of_a_published_dataset_keeps_its_splits_and_stands_beside_the_published_counts(tmp_path: Path) -> None:
    root = ensure_phantom(parse("chestxray14"), tmp_path)
    whole = ChestXray14().index(root)
    kept = {one.id for name in ("train", "validation", "test") for one in whole.split(name)[:7]}  # type: ignore[arg-type]
    for sample in (*whole.train, *whole.validation, *whole.test):
        if sample.id not in kept:
            for path in ChestXray14().files(root, sample):
                path.unlink(missing_ok=True)
    dataset: Dataset = DATASETS.build('chestxray14(missing="leave out")')
    part = dataset.index(root)
    assert [len(part.split(name)) for name in ("train", "validation", "test")] == [7, 7, 7]  # type: ignore[arg-type]
    assert {one.id for one in part.test} <= {one.id for one in whole.test}
    counted = census(dataset, part, compare=True)
    assert (counted.total("images"), counted.published["images"]["all"]) == (21, 112_120)
    assert (
        counted.excluded["without a file"]
        == len({one.id for one in (*whole.train, *whole.validation, *whole.test)}) - 21
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": "one-hot"}, r'"one-hot" is for kind="multiclass", found "binary"'),
        ({"labels": "folders"}, r"negative of folder: .* names the folders of images without positive"),
        ({"labels": "folders", "negative": ("n",), "table": "l.csv"}, "reads no table"),
        ({"patient": "p", "patient_in_name": "p"}, "both say the patients"),
        ({"patient_in_name": "("}, "is no regular expression"),
        ({"split": "s", "split_by": "tables"}, "both say the splits"),
        ({"reader": "r"}, 'they are for labels="rows"'),
        ({"kind": "multilabel", "labels": "rows", "readers": "majority"}, '"majority" needs their column'),
        ({"encoding": "klingon"}, '"klingon" is none that is known'),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Folder(**arguments)


def test_class_folders_that_are_not_named_and_names_without_a_patient_are_told(tmp_path: Path) -> None:
    write(tmp_path, ["ill/p1.png", "well/p2.png", "odd/p3.png"])
    with pytest.raises(DataError, match=r"odd holds images and is none of the classes \(well, ill\)"):
        Folder(classes=("ill",), labels="folders", negative=("well",)).read_labels(tmp_path)
    folder = Folder(classes=("ill",), labels="folders", negative=("well",), beside=("odd",), patient_in_name="p([12])")
    assert [(one.patient, one.target) for one in folder.read_labels(tmp_path).samples] == [("1", (1,)), ("2", (0,))]
    with pytest.raises(UsageError, match=r"has no class folder sick; found ill, odd, well"):
        Folder(classes=("sick",), labels="folders", negative=("well", "ill"), beside=("odd",)).read_labels(tmp_path)
    with pytest.raises(DataError, match=r'ill/p1\.png names no patient by patient_in_name="x'):
        Folder(classes=("ill",), labels="folders", negative=("well", "odd"), patient_in_name="x").read_labels(tmp_path)


def test_readers_of_whom_no_majority_says_the_same_class_are_told(tmp_path: Path) -> None:
    rows = "".join(f"a.png,{who},{grade}\n" for who, grade in (("R1", "x"), ("R2", "y"), ("R3", "z")))
    write(tmp_path, ["a.png"], labels=f"image,who,grade\n{rows}")
    dataset = Folder(
        kind="multiclass", classes=("x", "y", "z"), label="grade", labels="rows", reader="who", readers="majority"
    )
    with pytest.raises(DataError, match=r'line 2: of a\.png no one class holds by readers="majority"'):
        dataset.read_labels(tmp_path)
