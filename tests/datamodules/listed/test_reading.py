"""Lists of images as people have them: a name a line, with labels, or tables of which one column holds the names."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.listed.reading import names_in
from specs.errors import DataError

NAMES = ["a/1.png", "a/2.PNG", "b c/3.dcm"]


def names(folder: Path, text: str, column: str | None = None, ending: str = "csv") -> list[str]:
    (folder / f"list.{ending}").write_text(text, encoding="utf-8")
    return list(names_in(folder / f"list.{ending}", column))


@pytest.mark.parametrize(
    "text",
    [
        "a/1.png\na/2.PNG\n\nb c/3.dcm\n",
        "image\na/1.png\na/2.PNG\nb c/3.dcm\n",  # a table of one column
        "a/1.png 0 1\na/2.PNG 1 0\nb c/3.dcm 0 0\n",  # as the benchmark's split lists
        "a/1.png,0\na/2.PNG,1\nb c/3.dcm,0\n",
        "path,label\na/1.png,0\na/2.PNG,1\nb c/3.dcm,0\n",
        "label;file;view\n0;a/1.png;PA\n1;a/2.PNG;AP\n0;b c/3.dcm;PA\n",
        "\ufeffdataset,image_path\r\nNIH,a/1.png\r\nNIH,a/2.PNG\r\nNIH,b c/3.dcm\r\n",
    ],
)
def test_names_are_found_in_every_kind_of_list(text: str, tmp_path: Path) -> None:
    assert names(tmp_path, text) == NAMES


def test_a_column_may_be_named(tmp_path: Path) -> None:
    text = "id,mask,image\n7,m/1.png,a/1.png\n8,m/2.png,\n"
    assert names(tmp_path, text, "image") == ["a/1.png"]
    assert names(tmp_path, text, "id") == ["7", "8"]
    with pytest.raises(DataError, match='has no column "picture"; found id, mask, image'):
        names(tmp_path, text, "picture")


def test_a_table_that_does_not_tell_its_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"one column .* and the columns mask, image all do\. .*--column, one of id"):
        names(tmp_path, "id,mask,image\n7,m/1.png,a/1.png\n")
    with pytest.raises(DataError, match=r"one column .* and none does\. Say which one holds them: --column"):
        names(tmp_path, "dicom_id,split\n02aa804e-bde0afdd,train\n")


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is empty; expected names of images, one a line"):
        names(tmp_path, "\n \n")


def test_names_without_endings_are_the_whole_line(tmp_path: Path) -> None:
    assert names(tmp_path, "scan 1\nscan 2\n", ending="txt") == ["scan 1", "scan 2"]
