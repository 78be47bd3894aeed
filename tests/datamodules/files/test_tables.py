"""Tables as people have them, and each thing that makes one unusable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datamodules.files.tables import Form, header, rows
from datamodules.files.texts import words
from specs.errors import DataError


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode("utf-8"))
    return path


def test_columns_are_found_by_name_in_any_order_without_spaces_marks_or_empty_lines(tmp_path: Path) -> None:
    path = table(tmp_path, '\ufeffid , b,a \r\n1,"x, y" ,3\r\n\r\n2,, 4 ,more\r\n')
    assert header(path) == ["id", "b", "a"]
    assert list(rows(path, ("a", "id"))) == [(2, ["3", "1"]), (4, ["4", "2"])]


@pytest.mark.parametrize("before", ["\n", " \r\n\r\n", "sep=,\r\n", "\ufeff", "\n\ufeffsep=,\n", "sep=,\n\n \n"])
def test_what_spreadsheets_write_before_the_names_of_columns_is_passed_over(before: str, tmp_path: Path) -> None:
    path = table(tmp_path, f"\ufeff{before}a,b\n1,2\n")
    assert list(rows(path, ("b",))) == [(path.read_text().count("\n"), ["2"])]


def test_a_line_break_in_quotes_stays_in_its_cell_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b'id,a\r\n1,"two\r\nlines"\r\n2,x\r\n')
    assert [cells for _, cells in rows(path, ("id", "a"))] == [["1", "two\r\nlines"], ["2", "x"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r" is empty; expected a table of comma-separated values\. Fetch it again"),
        ("\n \n", 'no column "a"; found nothing'),
        ("a\0b\0", "it holds NUL bytes, as text in UTF-16 .* does"),
        ("PK\x03\x04\0,\0\n", "begins as a workbook or a zip archive and cannot be read as a workbook"),
        ("<!DOCTYPE html><p>Please log in", "is a web page, .*Fetch the file itself"),
        ("version https://git-lfs.github.com/spec/v1\nsize 7\n", "is a Git LFS pointer, .*git lfs pull"),
        ("c,d;e\n1,2;3\n", "its cells may be separated by commas or semicolons. Save it with one of them"),
        (",a,b,a\n0,1,2,3\n", 'has 2 columns called "a", expected one'),
        ('a,b\n1,"2\n3,4\n', r"line 3: unexpected end of data.*a quotation mark may be missing"),
        ('a,b\n1,"2"x\n', r"line 2: .*a quotation mark may be missing"),
        ("a,b\n1,2\n3,\0\n", r"line 3: it holds a NUL byte"),
        ("a,b\n1," + 140_000 * "x" + "\n", r"line 2: field larger than field limit"),
        ("\x1b[31m" + 200_000 * "x" + "\n1\n", r"line 1: field larger"),
        ("\x1b[31m" + 9_000 * "x" + "\n1\n", r"found \\x1b\[31mx{20,}\.\.\.x{20,}\. Expected"),
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


def test_a_column_that_is_not_asked_for_may_be_there_twice(tmp_path: Path) -> None:
    assert list(rows(table(tmp_path, "note,a,note\nx,1,y\n"), ("a",))) == [(2, ["1"])]


def test_text_in_another_encoding_is_told_with_its_line_and_how_windows_would_read_it(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("a,b\n1,2\nFrau M\u00fcller,4\n".encode("latin-1"))
    for read in (header, lambda path: list(rows(path, ("a",))), lambda path: list(words(path))):
        with pytest.raises(
            DataError, match=r'labels\.csv, line 3: the byte 0xfc .*encoding="cp1252" reads it as "M.ller"'
        ):
            read(path)
    assert list(rows(path, ("a",), Form(encoding="cp1252")))[1] == (3, ["Frau M\u00fcller"])
    with pytest.raises(DataError, match="is no text in ascii"):
        header(path, Form(encoding="ascii"))


def test_another_kind_of_file_is_told_by_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b"SQLite format 3\0\xff\xfe" + bytes(40))
    with pytest.raises(DataError, match=r"labels\.csv is a database of SQLite; expected text in UTF-8"):
        list(words(path))


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the label file .* cannot be read: .*Make it readable, or mend its name"):
        list(words(tmp_path / "a\0b.csv"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_the_file_declares_is_believed(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("a\tb\r\nM\u00fcller\t4\r\n".encode(encoding))
    assert list(rows(path, ("b", "a"))) == [(2, ["4", "M\u00fcller"])]
    path.write_bytes("a,b\n1,2\n".encode(encoding) + b"\xff")
    with pytest.raises(DataError, match=r"labels\.csv.* is no text in"):
        list(rows(path, ("a",)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["Unix", "Windows", "old Macintosh"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_names_of_the_columns_tell_what_separates_the_cells(mark: str, end: str, tmp_path: Path) -> None:
    other = ";" if mark == "," else ","
    lines = ["image id|label".replace("|", mark), f'"1{mark}5"|1{other}0'.replace("|", mark), f" {mark}", mark, "3|4"]
    path = table(tmp_path, end.join([*lines[:-1], lines[-1].replace("|", mark), ""]))
    assert header(path) == ["image id", "label"]
    assert [cells for _, cells in rows(path, ("image id", "label"))] == [[f"1{mark}5", f"1{other}0"], ["3", "4"]]


def test_names_of_columns_may_hold_what_separates_the_cells_of_others(tmp_path: Path) -> None:
    assert header(table(tmp_path, "a;b;age, years\n1;2;3\n4;5;6\n")) == ["a", "b", "age, years"]
    assert header(table(tmp_path, "sep=;\na;b,c\n1,5;2\n")) == ["a", "b,c"]
    assert list(rows(tmp_path / "labels.csv", ("a",))) == [(3, ["1,5"])]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, what in (("folder", "a folder"), ("pipe", r"a pipe \(FIFO\)")):
        with pytest.raises(DataError, match=rf"{name}\.csv is {what}, and a label file is expected there"):
            header(tmp_path / f"{name}.csv")


def test_lists_have_lines_with_numbers(tmp_path: Path) -> None:
    assert list(words(table(tmp_path, "\ufeff a b \r\n\n\tc\n"))) == [(1, "a b"), (3, "c")]
    with pytest.raises(DataError, match="line 2: it holds a NUL byte"):
        list(words(table(tmp_path, "a\n\0\n")))
