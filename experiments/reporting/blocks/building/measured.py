"""Cells of a measure's number that a block shows beside the scores, gathered of the runs and laid out in lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.measures.measuring.measure import measure_of
from experiments.reporting.blocks.building.block import Line, entry_of
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.text.phrases import mean_std
from experiments.tables.document import Cell, CellKey, TableDocument


def measured_cells(gathering: Gathering, named: str) -> dict[CellKey, Cell]:
    """The numbers of the runs of each cell, by row and column label.

    Cells whose runs have no such number are left out, and so are columns that show a measure instead of a score.

    Args:
        gathering: the table's runs and records.
        named: the measure and the name of its number, such as ``calibration:error``.
    """
    name, measure, number = measure_of(named)
    cells: dict[CellKey, Cell] = {}
    for cell_key, runs in gathering.cells.items():
        if gathering.columns[cell_key[1]].measure is None and runs and number in measure.numbers(runs[0].spec):
            found = [numbers[number] for numbers in gathering.measured(name, gathering.records_of(cell_key)).values()]
            cells[cell_key] = Cell(tuple(one for one in found if one is not None))
    return cells


def columns_of(document: TableDocument, cells: Mapping[CellKey, Cell]) -> list[str]:
    """The labels of the columns that some cell is of, in the table's order."""
    return [column for column, _ in document.columns if any(cell_key[1] == column for cell_key in cells)]


def measured_lines(document: TableDocument, shown: Sequence[tuple[str, Mapping[CellKey, Cell]]]) -> tuple[Line, ...]:
    """A line for each row of a table.

    Args:
        document: the finished table.
        shown: for each column of the block, the label of the table's column and the cells that hold its numbers.
    """
    lines = []
    for row, _ in document.rows:
        found = [cells.get((row, column), Cell(())) for column, cells in shown]
        lines.append(Line(row, tuple(entry_of(cell, mean_std(cell)) for cell in found), row))
    return tuple(lines)
