"""The tables of a folder, and what each of their columns is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from datamodules.describing.columns import ABOUT, BOX, IMAGE, MEASURES, OTHER, PATIENT, READER, Column, Find
from datamodules.files.tables import Form, opened_table
from datamodules.files.texts import as_windows, first_other_byte
from datamodules.files.workbooks import is_workbook, sheets
from specs.errors import DataError
from specs.quoting import plain

LEAST = 0.5
"""The share of a column's values that must name files for it to be the column of images."""


@dataclass
class Sheet:
    """A table with the roles of its columns.

    Attributes:
        name: the path of the table under the folder.
        form: how the table is read: its encoding, or its sheet of a workbook.
        columns: the columns by name: those that have cells, and whose name no other column has.
        image: the column that names the images; None where there is none.
        share: the share of the values of ``image`` that name a file, or of files that it names, in [0, 1]; told from
            some of them.
        part: whether some of the images that it names are not there.
        unsure: sentences on what was assumed of the file.
    """

    name: str
    form: Form
    columns: dict[str, Column]
    image: Column | None = None
    share: float = 0.0
    part: bool = False
    unsure: list[str] = field(default_factory=list)

    @cached_property
    def several(self) -> bool:
        """Whether some image has more than one row."""
        return self.image is not None and len(self.image.values) < self.image.filled

    @cached_property
    def split(self) -> Column | None:
        """The column that names the splits; None where there is none."""
        return next((one for one in self._others if one.says_splits), None)

    @cached_property
    def patient(self) -> Column | None:
        """The column that names the patients; None where there is none."""
        named = [one for one in self._others if PATIENT.search(one.name) and not ABOUT.search(one.name)
                 and one.filled == len(one.cells)]  # fmt: skip
        return max(named, key=lambda one: ("patient" in one.name.lower(), -len(one.values)), default=None)

    @cached_property
    def reader(self) -> Column | None:
        """The column that names who labelled, where images have several rows; None where there is none."""
        return next((one for one in self._others if READER.search(one.name)), None) if self.several else None

    @cached_property
    def boxes(self) -> bool:
        """Whether its rows describe boxes in images."""
        return sum(bool(MEASURES.match(name)) for name in self.columns) >= 4 or any(map(BOX.search, self.columns))

    @cached_property
    def candidates(self) -> list[Column]:
        """Columns that may hold labels."""
        taken = {one.name for one in (self.image, self.split, self.patient, self.reader) if one is not None}
        return [one for name, one in self.columns.items() if name not in taken and not OTHER.search(name)
                and not PATIENT.search(name)]  # fmt: skip

    @property
    def _others(self) -> list[Column]:
        return [one for one in self.columns.values() if one is not self.image]


def sheets_of(root: Path, tables: list[str], images: list[str], find: Find) -> tuple[list[Sheet], list[str]]:
    """The tables of a folder that can be read, and a sentence on each that cannot.

    Args:
        root: the folder that holds the tables.
        tables: the paths of the tables under it.
        images: the paths of the images under it, or the names of the cases of volumes.
        find: the function that finds the image that a cell names.
    """
    found, unread = [], []
    for name in tables:
        try:
            for form, unsure in _forms(root / name):
                sheet = _read(root / name, name, form, find, images)
                sheet.unsure += unsure
                found.append(sheet)
        except DataError as error:
            unread.append(str(error))
    return found, unread


def _forms(path: Path) -> list[tuple[Form, list[str]]]:
    """How a table may be read, and what was assumed for it."""
    if is_workbook(path):
        named = sheets(path)
        return [(Form(sheet=one if len(named) > 1 else None), []) for one in named]
    content = path.read_bytes()
    if (other := first_other_byte(content)) is None or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return [(Form(), [])]
    line, place = other
    if (word := as_windows(content, place)) is None:
        return [(Form(), [])]  # reading it raises an error that says what is wrong
    said = (
        f"{path.name} is no UTF-8; as older Windows programs write (cp1252), line {line} reads "
        f'"{plain(word)}". If that is wrong, state another encoding'
    )
    return [(Form(encoding="cp1252"), [said])]


def _read(path: Path, name: str, form: Form, find: Find, images: list[str]) -> Sheet:
    with opened_table(path, form) as table:
        names, lines = table.columns, [row for _, row in table.lines if any(cell.strip() for cell in row)]
    columns, unsure = {}, []
    for place, column in enumerate(names):
        if names.count(column) > 1:
            said = f'{name} has {names.count(column)} columns called "{plain(column)}", of which none is used'
            unsure += [] if said in unsure else [said]
            continue
        cells = [row[place].strip() if place < len(row) else "" for row in lines]
        if column and any(cells):
            columns[column] = Column(column, cells)
    sheet = Sheet(name, form, columns, unsure=unsure)
    naming = {column: one for column, one in columns.items() if len(one.values) > 1 and one.answers is None}
    shares = {column: one.share_of_files(find) for column, one in naming.items()}
    if images and max(shares.values(), default=0.0) < LEAST:  # perhaps only a part of the images is here
        shares |= {column: one.share_named(images) for column, one in naming.items()}
    enough = [column for column, share in shares.items() if share >= LEAST]
    best = max(enough, key=lambda column: (len(columns[column].values), bool(IMAGE.search(column))), default="")
    if best:
        sheet.image, sheet.share = columns[best], shares[best]
        sheet.part = sheet.image.share_of_files(find) != 1
    elif named := [
        one for one in columns.values() if IMAGE.search(one.name) and len(one.values) > 1 and not one.classes
    ]:
        sheet.image = max(named, key=lambda one: len(one.values))
        sheet.share = shares.get(sheet.image.name, 0.0)
    return sheet
