"""Reading several tables as one: one after another, or with columns looked up in another table by the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from datamodules.files.tables import Form, header, no_column, rows
from datamodules.labels.label_files import once
from specs.errors import DataError, UsageError
from specs.quoting import plain


class Cells(NamedTuple):
    """The cells of a row of a table, and where it stands.

    Attributes:
        table: the path of the table that the row stands in.
        line: the number of the line in the table, from 1.
        cells: the text of the cells of the wanted columns, in the order of the columns that were asked for.
    """

    table: Path
    line: int
    cells: list[str]


def joined(tables: Sequence[Path], wanted: Sequence[str], form: Form) -> Iterator[Cells]:
    """The rows of the first table, and of all tables that have the same of the wanted columns.

    The columns that those lack are looked up in the other tables by the image, which stands there in one row.

    Args:
        tables: the paths of the tables.
        wanted: the names of the wanted columns; the first is the column of the images.
        form: how the tables are read where they do not say it themselves.

    Raises:
        UsageError: if a column is in none of them, or a table does not name the images.
        DataError: if a table is damaged, or an image has no row, or several, where it is looked up.
    """
    heads = {table: [name for name in wanted if name in header(table, form)] for table in tables}
    for column in wanted:
        lacking = [table for table in tables if column not in heads[table]]
        if len(lacking) == len(tables) or (lacking and column == wanted[0]):
            raise UsageError(
                f"{no_column(lacking[0], column, header(lacking[0], form))} Name its columns: "
                'folder("FOLDER", image="COLUMN", label="COLUMN", patient="COLUMN", split="COLUMN").'
            )
    columns = heads[tables[0]]
    main = [table for table in tables if heads[table] == columns]
    others = [_Lookup(table, [wanted[0], *(name for name in heads[table] if name not in columns)], form)
              for table in tables if table not in main]  # fmt: skip
    for table in main:
        for line, cells in rows(table, columns, form):
            if columns == wanted:
                yield Cells(table, line, cells)
                continue
            found = dict(zip(columns, cells, strict=True))
            for other in others:
                found |= other.of(cells[0], table, line)
            if len(found) < len(wanted):
                lacking_now = next(name for name in wanted if name not in found)
                raise UsageError(no_column(table, lacking_now, columns))
            yield Cells(table, line, [found[name] for name in wanted])


class _Lookup:
    """Some columns of a table, for looking up the cells of an image."""

    def __init__(self, table: Path, columns: Sequence[str], form: Form) -> None:
        self.table, self.columns = table, columns[1:]
        self.by_image: dict[str, list[str]] = {}
        seen = set[str]()
        for line, (image, *cells) in rows(table, columns, form):
            once(seen, image, table, line)
            self.by_image[image] = cells

    def of(self, image: str, table: Path, line: int) -> dict[str, str]:
        """The cells of an image, by column."""
        if image not in self.by_image:
            raise DataError(
                f"{table}, line {line}: {plain(image)} has no row in {self.table}. Add one, or mend the name."
            )
        return dict(zip(self.columns, self.by_image[image], strict=True))
