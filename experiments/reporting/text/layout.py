"""The layout of a printed table: a line per initialization or, if transposed, a line per task or network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from experiments.tables.document import Cell, CellKey, TableDocument


@dataclass(frozen=True)
class Heading:
    """The heading of a printed column, or of a line, where it stands at the left.

    Attributes:
        label: the label of the row or column of the table.
        detail: the metric of a column, or the title of a further score; empty for rows, and where the corner names it.
        expression: the initializer expression of a row; empty for columns.
        is_reference: whether the heading is that of the reference row.
    """

    label: str
    detail: str = ""
    expression: str = ""
    is_reference: bool = False

    @property
    def text(self) -> str:
        """The label and the detail in one line."""
        return f"{self.label} ({self.detail})" if self.detail else self.label


@dataclass(frozen=True)
class Line:
    """One line of a printed table.

    Attributes:
        heading: the heading of the line, which stands at its left.
        cell_keys: the row and column labels of the line's cells, in the order of the header.
        cells: the cells of the line, in the same order.
    """

    heading: Heading
    cell_keys: tuple[CellKey, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Layout:
    """A table as it is printed.

    Attributes:
        corner: the heading above the headings of the lines, in lower case.
        header: the headings of the other columns.
        lines: the lines of the table, from top to bottom.
    """

    corner: str
    header: tuple[Heading, ...]
    lines: tuple[Line, ...]


def score_layout(document: TableDocument) -> Layout:
    """The layout of a table's scores."""
    corner = "task or network" if document.transposed else "initialization"
    return _layout(document, corner, [(Heading(*column), document.cells) for column in document.columns])


def further_layout(document: TableDocument, scores: Mapping[str, Mapping[CellKey, Cell]]) -> Layout | None:
    """The layout of the further scores that have values; None if there are none.

    Args:
        document: the finished table.
        scores: the cells of each further score, by the score's title and then by row and column label.
    """
    columns = [
        (Heading(column, title), cells)
        for column, _ in document.columns
        for title, cells in scores.items()
        if any(cells[row, column].values for row, _ in document.rows)
    ]
    return _layout(document, "further scores", columns) if columns else None


def sides(document: TableDocument) -> tuple[str, str]:
    """The words for what readers see a row and a column of the table as: ``row`` and ``column``, unless transposed."""
    return ("column", "line") if document.transposed else ("row", "column")


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def _layout(document: TableDocument, corner: str, columns: Sequence[tuple[Heading, Mapping[CellKey, Cell]]]) -> Layout:
    rows = [
        Heading(label, expression=expression, is_reference=label == document.reference)
        for label, expression in document.rows
    ]
    if not document.transposed:
        lines = [_line(row, ((row, column, cells) for column, cells in columns)) for row in rows]
        return Layout(corner, tuple(column for column, _ in columns), tuple(lines))
    lines = [_line(column, ((row, column, cells) for row in rows)) for column, cells in columns]
    details = {column.detail for column, _ in columns}
    if len(details) == 1:  # the detail that all share is given once instead of in each line
        corner = f"{corner} ({details.pop()})"
        lines = [replace(line, heading=replace(line.heading, detail="")) for line in lines]
    return Layout(corner, tuple(rows), tuple(lines))


def _line(heading: Heading, found: Iterable[tuple[Heading, Heading, Mapping[CellKey, Cell]]]) -> Line:
    cell_keys, cells = [], []
    for row, column, values in found:
        cell_keys.append((row.label, column.label))
        cells.append(values[cell_keys[-1]])
    return Line(heading, tuple(cell_keys), tuple(cells))


def missing(document: TableDocument) -> list[str]:
    """Notes on why cells lack some or all scores, where cells with the same row and reason are named together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for (row, column), cell in document.cells.items():
        if cell.missing:
            alike.setdefault((row, cell.missing), []).append(column)
    return [f"{row} on {'; '.join(columns)}: {reason}" for (row, reason), columns in alike.items()]
