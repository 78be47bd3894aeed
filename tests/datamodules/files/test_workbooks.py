"""Workbooks: cells as text, the sheet that is meant, and what is refused. The files are written here, tag by tag."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from datamodules.files import workbooks
from datamodules.files.tables import Form, header, rows
from datamodules.files.workbooks import sheets
from specs.errors import DataError

OFFICE = "http://schemas.openxmlformats.org"
MAIN = f"{OFFICE}/spreadsheetml/2006/main"


def cell(value: object) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>' if value is not None else "<c/>"


def workbook(path: Path, found: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """Write an Office Open XML workbook (ECMA-376) of the fewest parts."""
    with zipfile.ZipFile(path, "w") as archive:
        parts = range(1, len(found) + 1)
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for n in parts
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{OFFICE}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            f"{types}</Types>",
        )
        relations = f'<Relationships xmlns="{OFFICE}/package/2006/relationships">'
        kind = f"{OFFICE}/officeDocument/2006/relationships"
        archive.writestr(
            "_rels/.rels",
            f'{relations}<Relationship Id="r" Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            relations
            + "".join(
                f'<Relationship Id="r{n}" Type="{kind}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in parts
            )
            + "</Relationships>",
        )
        listed = "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in zip(parts, found, strict=True)
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{kind}"><sheets>{listed}</sheets></workbook>'
        )
        for n, lines in zip(parts, found.values(), strict=True):
            body = "".join(f"<row>{''.join(map(cell, line))}</row>" for line in lines)
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>',
            )
    return path


LABELS = [[" image ", "ill", "weight", "seen"], ["a.png", 1, 2.5, True], [None] * 4, ["b.png", 0.0, 70, False]]


def test_a_workbook_is_read_as_a_table_whatever_it_is_called(tmp_path: Path) -> None:
    path = workbook(tmp_path / "labels.csv", {"Sheet 1": LABELS, "notes": []})
    assert sheets(path) == ["Sheet 1"]
    assert header(path) == ["image", "ill", "weight", "seen"]
    expected = [(2, ["1", "a.png", "2.5", "TRUE"]), (4, ["0", "b.png", "70", "FALSE"])]
    assert list(rows(path, ("ill", "image", "weight", "seen"))) == expected
    with pytest.raises(DataError, match=r'no column "label"; found image, ill'):
        list(rows(path, ("label",)))


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"first": LABELS, "second": [["image"], ["c.png"]]})
    with pytest.raises(DataError, match=r"several sheets with cells: first, second\. Say which is meant"):
        header(path)
    assert list(rows(path, ("image",), Form(sheet="second"))) == [(2, ["c.png"])]
    with pytest.raises(DataError, match='no sheet "third"; found first, second'):
        header(path, Form(sheet="third"))


def test_a_workbook_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"first": LABELS})
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"PK\x03\x04", b"\xd0\xcf\x11\xe0" + bytes(600)):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.xlsx begins as a workbook or a zip archive and cannot be read"):
            header(path)


def with_cell(path: Path, cell: str) -> None:
    """Put a stray cell into the sheet of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    stray = f'<row r="{row}"><c r="{cell}" t="b"><v>1</v></c></row></sheetData>'
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", stray.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def test_a_stray_cell_makes_no_columns_and_is_told_where_it_makes_the_sheet_too_large(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"first": LABELS})
    with_cell(path, "XFD9")
    assert header(path) == ["image", "ill", "weight", "seen"]
    assert [cells for _, cells in rows(path, ("image",))] == [["a.png"], ["b.png"], [""]]
    with_cell(path, "XFD1048576")
    with pytest.raises(DataError, match=r"a\.xlsx takes more than 2 GiB of memory to read\. A cell far behind"):
        header(path)


def test_a_workbook_that_changed_is_read_anew(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"first": [["image"], ["a.png"]]})
    assert list(rows(path, ("image",))) == [(2, ["a.png"])]
    workbook(path, {"first": [["image"], ["another.png"]]})
    assert list(rows(path, ("image",))) == [(2, ["another.png"])]


def test_a_workbook_that_was_taken_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.xlsx was there a moment ago: No such file"):
        sheets(tmp_path / "a.xlsx")


def test_a_workbook_that_takes_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", {"first": [["image"], ["slow.png"]]})
    monkeypatch.setattr(workbooks, "SECONDS", 0.0)
    with pytest.raises(DataError, match=r"a\.xlsx was not read within 0\.0 seconds\. A cell far behind"):
        header(path)
