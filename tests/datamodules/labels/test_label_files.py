"""Label files as spreadsheets write them, and each thing that makes one unusable."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.labels.label_files import filled, header, inside, number, once, rows
from specs.errors import DataError


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


def test_columns_are_found_by_name_in_any_order_without_spaces_marks_or_empty_lines(tmp_path: Path) -> None:
    path = table(tmp_path, '\ufeffid , b,a \r\n1,"x, y" ,3\r\n\r\n2,, 4 ,more\r\n')
    assert header(path) == ["id", "b", "a"]
    assert list(rows(path, ("a", "id"))) == [(2, ["3", "1"]), (4, ["4", "2"])]
    assert [cells for _, cells in rows(table(tmp_path, "a;b\n1,5;2\n"), ("b", "a"), delimiter=";")] == [["2", "1,5"]]


def test_a_line_break_in_quotes_stays_in_its_cell_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b'id,a\r\n1,"two\r\nlines"\r\n2,x\r\n')
    assert [cells for _, cells in rows(path, ("id", "a"))] == [["1", "two\r\nlines"], ["2", "x"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'no column "a"; found an empty file'),
        ("b,c\n1,2\n", 'no column "a"; found b, c'),
        ("a,b\n1,2\n3\n", r"line 3: 1 cells, expected at least 2"),
    ],
)
def test_a_file_without_a_column_or_a_cell_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"labels\.csv.*{message}"):
        list(rows(table(tmp_path, text), ("a", "b")))


def test_only_the_wanted_columns_need_cells(tmp_path: Path) -> None:
    assert list(rows(table(tmp_path, "a,b,c\n1,2\n"), ("a", "b"))) == [(2, ["1", "2"])]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for read in (header, lambda path: list(rows(path, ("a",)))):
        with pytest.raises(DataError, match=r"labels\.csv is missing"):
            read(tmp_path / "labels.csv")


def test_a_number_is_one_of_the_allowed_ones() -> None:
    assert [number(cell, (-1.0, 0.0, 2.0), Path("f"), 3, "c") for cell in ("-1", "0", "2.0")] == [-1, 0, 2]
    for cell in ("1", "", "two", "nan", "inf"):
        with pytest.raises(DataError, match=rf'f, line 3: c is "{cell}", expected one of -1, 0, 2'):
            number(cell, (-1.0, 0.0, 2.0), Path("f"), 3, "c")


def test_a_name_is_given_and_given_once() -> None:
    seen = set[str]()
    for name in ("a", "b"):
        once(seen, name, Path("f"), 1)
    assert seen == {"a", "b"}
    with pytest.raises(DataError, match="f, line 7: b stands there twice"):
        once(seen, "b", Path("f"), 7)
    assert filled("p", Path("f"), 1, "c") == "p"
    with pytest.raises(DataError, match="f, line 7: c is empty"):
        filled("", Path("f"), 7, "c")


@pytest.mark.parametrize(("name", "found"), [("a/b.png", "a/b.png"), ("a\\b.png", "a/b.png"), ("./a//b", "a/b")])
def test_a_path_inside_is_written_with_slashes(name: str, found: str) -> None:
    assert inside(name, Path("f"), 1) == found


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a", "a/../../b", "C:\\a", "C:/a", "\\\\host\\a"])
def test_a_path_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="leaves the dataset's folder"):
        inside(name, Path("f"), 1)
