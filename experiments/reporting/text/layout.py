"""Which way round a table is printed: a line per initialization, or, transposed, a line per task or network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from experiments.tables.document import Cell, Place, TableDocument


@dataclass(frozen=True)
class Heading:
    """What stands above a printed column, or at the left of a line.

    Attributes:
        label: of a row or a column of the table.
        detail: a column's metric or the name of a further score; empty where the corner says it, and of rows.
        expression: of a row's initializer; empty of columns.
        is_reference: whether it is the reference row's.
    """

    label: str
    detail: str = ""
    expression: str = ""
    is_reference: bool = False

    @property
    def text(self) -> str:
        """Label and detail in one line."""
        return f"{self.label} ({self.detail})" if self.detail else self.label


@dataclass(frozen=True)
class Line:
    """A printed line.

    Attributes:
        heading: at its left.
        places: of its cells, row and column label, in the header's order.
        cells: what stands there.
    """

    heading: Heading
    places: tuple[Place, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Layout:
    """A printed table.

    Attributes:
        corner: above the lines' headings, in lower case.
        header: above the other columns.
        lines: from top to bottom.
    """

    corner: str
    header: tuple[Heading, ...]
    lines: tuple[Line, ...]


def score_layout(document: TableDocument) -> Layout:
    """The scores."""
    corner = "task or network" if document.transposed else "initialization"
    return _layout(document, corner, [(Heading(*column), document.cells) for column in document.columns])


def further_layout(document: TableDocument) -> Layout | None:
    """The further scores that have values; None if there are none."""
    columns = [
        (Heading(column, title), cells)
        for column, _ in document.columns
        for title, cells in document.secondary.items()
        if any(cells[row, column].values for row, _ in document.rows)
    ]
    return _layout(document, "further scores", columns) if columns else None


def sides(document: TableDocument) -> tuple[str, str]:
    """What readers see a row and a column of the table as."""
    return ("column", "line") if document.transposed else ("row", "column")


def capital(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def _layout(document: TableDocument, corner: str, columns: Sequence[tuple[Heading, Mapping[Place, Cell]]]) -> Layout:
    rows = [
        Heading(label, expression=expression, is_reference=label == document.reference)
        for label, expression in document.rows
    ]
    if not document.transposed:
        lines = [_line(row, ((row, column, cells) for column, cells in columns)) for row in rows]
        return Layout(corner, tuple(column for column, _ in columns), tuple(lines))
    lines = [_line(column, ((row, column, cells) for row in rows)) for column, cells in columns]
    details = {column.detail for column, _ in columns}
    if len(details) == 1:  # said once instead of in each line
        corner = f"{corner} ({details.pop()})"
        lines = [replace(line, heading=replace(line.heading, detail="")) for line in lines]
    return Layout(corner, tuple(rows), tuple(lines))


def _line(heading: Heading, found: Iterable[tuple[Heading, Heading, Mapping[Place, Cell]]]) -> Line:
    places, cells = [], []
    for row, column, values in found:
        places.append((row.label, column.label))
        cells.append(values[places[-1]])
    return Line(heading, tuple(places), tuple(cells))
