"""What the data hold, beside the scores: in every format, as a line per class where that is few lines."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from datamodules.dataset.counts import ClassCounts, Count, Counts, SplitCounts
from experiments.reporting.blocks.counts import DatasetCounts, count_lines, count_note, counts_of, every_count
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.tables.document import Cell, TableDocument
from specs.errors import DataError
from specs.task import Kind
from tests.experiments.example_table import Page, document, terminal

FIRST = "A_1 <50%> & more"


def split(patients: int | None, *numbers: tuple[str, int, int]) -> SplitCounts:
    """Of classes with their positive and negative images; each patient has two images of one kind, if any is known."""

    def count(images: int) -> Count:
        return Count(images, None if patients is None else images // 2)

    classes = tuple(ClassCounts(name, count(yes), count(no)) for name, yes, no in numbers)
    return SplitCounts(Count(sum(numbers[0][1:]) if numbers else 7, patients), classes)


def counts(kind: Kind, patients: int | None, *numbers: tuple[str, int, int]) -> Counts:
    splits = {"train": split(patients, *numbers), "validation": split(patients, *numbers)}
    return Counts(kind, tuple(name for name, *_ in numbers), splits | {"test": split(patients, *numbers)})  # type: ignore[arg-type]


BINARY = counts("binary", 3, ("pneumo_nia", 4, 2))
MASKS = counts("segmentation", None)
MANY = counts("multilabel", 400, *((f"class {number}", 100 + number, 700 - number) for number in range(25)))


def made(of: dict[str, Counts], **changes: Any) -> TableDocument:
    rows = (("random", "random"), ("other", "gabor"))
    columns = tuple((column, "auroc") for column in of)
    cells = {(row, column): Cell((0.5,)) for row, _ in rows for column in of}
    return document(rows=rows, columns=columns, cells=cells, **{"parts": (DatasetCounts(of),), **changes})


def test_a_line_for_all_images_and_one_for_each_class_or_its_absence() -> None:
    assert count_lines(made({"A": BINARY})) == [
        ("images (patients)", "train", "validation", "test"),
        ("all", "6 (3)", "6 (3)", "6 (3)"),
        ("pneumo_nia: yes", "4 (2)", "4 (2)", "4 (2)"),
        ("pneumo_nia: no", "2 (1)", "2 (1)", "2 (1)"),
    ]
    masks = made({"B": MASKS})
    assert count_lines(masks) == [("images", "train", "validation", "test"), ("all", "7", "7", "7")]
    assert count_note(masks)[0].endswith("; patients are not known, and each image counts as a patient of its own.")


def test_an_absence_is_told_where_other_numbers_do_not_say_it() -> None:
    told = count_lines(made({"A": counts("multilabel", None, ("common", 5, 1), ("rare", 2, 4), ("partly", 1, 2))}))
    assert [line[0] for line in told[1:]] == ["all", "common: yes", "common: no", "rare", "partly: yes", "partly: no"]
    grades = count_lines(made({"A": counts("multiclass", None, ("a", 5, 1), ("b", 1, 5))}))
    assert [line[0] for line in grades[1:]] == ["all", "a", "b"]


def test_columns_of_one_dataset_are_told_once() -> None:
    both = counts("multilabel", None, ("a", 1, 5), ("b", 2, 4), ("c", 3, 3))
    told = count_lines(made({"of a": both.of_class("a"), "of b": both.of_class("b")}))
    assert [line[0] for line in told[1:]] == ["all", "a", "b"]
    told = count_lines(made({"of a": both.of_class("a"), "B": MASKS, "of b": both.of_class("b")}))
    assert [line[0] for line in told[1:]] == ["of a and of b", "of a and of b, a", "of a and of b, b", "B"]
    lacking = made({"A": MASKS, "not there": MASKS}).with_part(DatasetCounts({"A": MASKS}))
    assert [line[0] for line in count_lines(lacking)] == ["images", "A"]


def test_of_many_classes_and_columns_only_the_rarest_is_told() -> None:
    of = {"Films": MANY, "Scans": BINARY, "Masks": MASKS}
    assert count_lines(made(of)) == [
        ("images (patients)", "train", "validation", "test", "rarest in the test"),
        ("Films; rarest class 0", "800 (400)", "800 (400)", "800 (400)", "100 (50)"),
        ("Scans; rarest pneumo_nia: no", "6 (3)", "6 (3)", "6 (3)", "2 (1)"),
        ("Masks", "7", "7", "7", "-"),
    ]
    every = every_count(made(of))
    assert every[20] == ("Films, class 18", *["118 (59)"] * 3)
    assert every[22] == ("Films, 5 other classes, images of each", *["120 to 124"] * 3)
    assert "patients of Masks are not known" in count_note(made(of))[0]
    page = Page(render("", [Illustrated(made(of))]))
    assert [line[0] for line in page.tables[1][1:]] == [line[0] for line in count_lines(made(of))[1:]]
    assert [line[0] for line in page.tables[2][1:]] == [line[0] for line in every[1:]]


def test_many_datasets_of_masks_have_a_line_each() -> None:
    of = {f"M{number}": counts("segmentation", number) for number in range(17)}
    told = count_lines(made(of))
    assert len(told) == 18
    assert told[3] == ("M2", "7 (2)", "7 (2)", "7 (2)")


def test_every_format_shows_and_explains_them() -> None:
    table = made({FIRST: BINARY})
    for text, line in (
        (terminal(table), r"pneumo_nia: no +│ +2 \(1\) │ +2 \(1\) │ +2 \(1\)"),
        (to_markdown(table), r"\| pneumo\\_nia: no \| 2 \(1\) \| 2 \(1\) \| 2 \(1\) \|"),
        (to_latex(table), r"pneumo\\_nia: no & 2 \(1\) & 2 \(1\) & 2 \(1\) \\\\"),
    ):
        assert re.search(line, text)
        assert "in brackets the patients" in " ".join(text.split())
    page = Page(render("", [Illustrated(table)]))
    assert page.tables[1][-1] == ["pneumo_nia: no", "2 (1)", "2 (1)", "2 (1)"]
    row, *_ = csv.DictReader(io.StringIO(to_csv(table)))
    assert [row[f"{name}_images"] for name in ("train", "validation", "test")] == ["6", "6", "6"]
    assert (row["test_patients"], row["test_rarer"]) == ("3", "1")
    row, *_ = csv.DictReader(io.StringIO(to_csv(made({"B": MASKS}))))
    assert (row["test_patients"], row["test_rarer"]) == ("", "7")


def test_a_table_whose_data_nobody_counted_is_as_before() -> None:
    table = made({"A": BINARY}, parts=())
    assert (count_lines(table), every_count(table), count_note(table)) == ([], [], [])
    assert "images (patients)" not in terminal(table)
    row, *_ = csv.DictReader(io.StringIO(to_csv(table)))
    assert row["test_images"] == row["test_rarer"] == ""


def test_they_survive_the_file_and_older_files_have_none(tmp_path: Path) -> None:
    table, path = made({"A": BINARY, "B": MASKS, "C": MANY}), tmp_path / "table.json"
    path.write_text(to_json(table))
    assert read_table(path) == table
    older = json.loads(to_json(table))
    del older["parts"]["counts"]
    path.write_text(json.dumps(older))
    assert counts_of(read_table(path)) == {}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("kind",), "guess"),
        (("scored",), ["another"]),
        (("scored",), []),
        (("splits", "test"), None),
        (("splits", "test", "classes"), []),
        (("splits", "test", "whole", "images"), -1),
        (("splits", "test", "whole", "images"), 1.5),
        (("splits", "test", "whole", "patients"), True),
    ],
)
def test_counts_that_are_none_are_refused(place: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    data, path = json.loads(to_json(made({"A": BINARY}))), tmp_path / "table.json"
    of = data["parts"]["counts"]["by_column"]["A"]
    for name in place[:-1]:
        of = of[name]
    of[place[-1]] = value
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_table(path)


def test_counts_of_no_column_are_refused(tmp_path: Path) -> None:
    data, path = json.loads(to_json(made({"A": BINARY}))), tmp_path / "table.json"
    held = data["parts"]["counts"]["by_column"]
    held["Z"] = held.pop("A")
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match="counts of Z, which no column is called"):
        read_table(path)
