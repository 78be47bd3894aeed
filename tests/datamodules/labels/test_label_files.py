"""Cells of label files: numbers, names and paths, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.labels.label_files import filled, inside, number, once
from specs.errors import DataError


def test_a_number_is_one_of_the_allowed_ones() -> None:
    assert [number(cell, (-1.0, 0.0, 2.0), Path("f"), 3, "c") for cell in ("-1", "0", "2.0")] == [-1, 0, 2]
    assert number("0,50", (0.5,), Path("f"), 3, "c") == 0.5
    for cell in ("1", "", "two", "nan", "inf", "1,0,0"):
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


@pytest.mark.parametrize(
    ("name", "found"),
    [("a/b.png", "a/b.png"), ("a\\b.png", "a/b.png"), ("./a//b", "a/b"), ("at 12:30.png", "at 12:30.png")],
)
def test_a_path_inside_is_written_with_slashes(name: str, found: str) -> None:
    assert inside(name, Path("f"), 1) == found


@pytest.mark.parametrize("name", ["", ".", "./"])
def test_a_cell_that_names_no_file_is_told(name: str) -> None:
    with pytest.raises(DataError, match=r"f, line 1: .* names no file"):
        inside(name, Path("f"), 1)


@pytest.mark.parametrize("name", ["scan 12:30.png", "a/b:c.png", "x~.png", "12:30/1.png"])
def test_a_colon_in_a_name_is_no_drive(name: str) -> None:
    assert inside(name, Path("f"), 1) == name


@pytest.mark.parametrize(
    "name", ["https://host/a.png", "/etc/passwd", "../a", "a/../../b", "C:\\a", "C:/a", "\\\\host\\a"]
)
def test_a_path_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="leaves the dataset's folder"):
        inside(name, Path("f"), 1)
