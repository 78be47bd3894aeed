"""Cells of a measure's number that a block shows beside the scores, gathered of the runs and laid out in lines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.bootstrap import interval_of_mean
from experiments.measures.measuring.measure import measure_of
from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line, entry_of
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.text.phrases import mean_std
from experiments.tables.document import Cell, CellKey, TableDocument


def measured_cells(gathering: Gathering, named: str) -> dict[CellKey, Cell]:
    """The numbers of the runs of each cell, by row and column label, with intervals over patients where there are any.

    Runs of folds are tested on different patients and have no common interval. Cells whose runs have no such number are
    left out, and so are columns that show a measure instead of a score.

    Args:
        gathering: the table's runs and records.
        named: the measure and the name of its number, such as ``calibration:error``.
    """
    name, measure, number = measure_of(named)
    cells: dict[CellKey, Cell] = {}
    for cell_key, runs in gathering.cells.items():
        if gathering.columns[cell_key[1]].measure is None and runs and number in measure.numbers(runs[0].spec):
            records = [one for one in gathering.records_of(cell_key) if not measure.reads or one.has(measure.reads)]
            found = [numbers[number] for numbers in gathering.measured(name, records).values()]
            values = tuple(one for one in found if one is not None)
            interval = None
            if values and measure.of_resamples is not None and runs[0].spec.fold is None:
                drawn = gathering.measured_on_resamples(name, records, runs[0].spec)
                interval = interval_of_mean(numbers[number] for numbers in drawn if number in numbers)
            cells[cell_key] = Cell(values, interval=interval)
    return cells


def cells_by_number(gathering: Gathering, measure: str, numbers: Iterable[str]) -> dict[str, dict[CellKey, Cell]]:
    """The cells of those numbers of a measure that some run has, by the name of the number.

    Args:
        gathering: the table's runs and records.
        measure: the name of the measure.
        numbers: the names of its numbers, in the order in which they are shown.
    """
    found = {number: measured_cells(gathering, f"{measure}:{number}") for number in numbers}
    return {number: cells for number, cells in found.items() if any(cell.values for cell in cells.values())}


def unmeasured(gathering: Gathering, name: str) -> int:
    """The number of the table's runs that lack the file that a measure reads, as runs of earlier versions may.

    Args:
        gathering: the table's runs and records.
        name: the name of the measure.
    """
    _, measure, _ = measure_of(name)
    runs = {
        record.data["key"]
        for cell_key, planned in gathering.cells.items()
        if planned and measure.numbers(planned[0].spec)
        for record in gathering.records_of(cell_key)
        if not record.has(measure.reads)
    }
    return len(runs)


def entry_with_interval(cell: Cell, factor: float = 100) -> Entry:
    """The mean and standard deviation of a cell and, below them, the 95 % interval over test patients.

    Args:
        cell: the cell, whose numbers are shown.
        factor: what they are multiplied by: 100 shows scores in percent.
    """
    entry = entry_of(cell, mean_std(cell, factor))
    if cell.interval is None:
        return entry
    low, high = cell.interval
    return dataclasses.replace(entry, small=f"{factor * low:.2f} to {factor * high:.2f}")


def columns_of(document: TableDocument, cells: Mapping[CellKey, Cell]) -> list[str]:
    """The labels of the columns that some cell is of, in the table's order."""
    return [column for column, _ in document.columns if any(cell_key[1] == column for cell_key in cells)]


def titled_lines(
    document: TableDocument,
    by_number: Mapping[str, Mapping[CellKey, Cell]],
    titles: Mapping[str, str],
    factor: float = 100,
) -> tuple[tuple[Heading, ...], tuple[Line, ...]]:
    """The header and the lines of a block with a column for each number of each of the table's columns that has it.

    Args:
        document: the finished table.
        by_number: the cells by the name of the number, as ``cells_by_number`` gathers them.
        titles: the title of each number that is shown, in order.
        factor: what numbers are multiplied by: 100 shows scores in percent.
    """
    shown = [(column, number) for number in titles for column in columns_of(document, by_number.get(number, {}))]
    header = tuple(Heading(column, titles[number]) for column, number in shown)
    cells = [(column, by_number[number]) for column, number in shown]
    lines = measured_lines(document, cells, factor) if shown else ()
    return header, lines


def class_blocks(
    document: TableDocument,
    by_number: Mapping[str, Mapping[CellKey, Cell]],
    titles: Mapping[str, str],
    factor: float = 100,
) -> Iterator[Block]:
    """A folded block for each number and column of the table: the number of each class, where there are several.

    The blocks of a column have the same classes, those for which one of the numbers is defined.

    Args:
        document: the finished table.
        by_number: the cells by the name of the number, which ends in ``:CLASS`` where it is of a class.
        titles: the title of each number that is shown so, in order.
        factor: what numbers are multiplied by: 100 shows scores in percent.
    """
    for column, _ in document.columns:
        shown: dict[str, dict[str, Mapping[CellKey, Cell]]] = {number: {} for number in titles}
        for name, cells in by_number.items():
            number, _, of_class = name.partition(":")
            if of_class and number in titles and column in columns_of(document, cells):
                shown[number][of_class] = cells
        classes = list(dict.fromkeys(of_class for of_classes in shown.values() for of_class in of_classes))
        for number, of_classes in shown.items():
            if of_classes:
                title = titles[number]
                yield Block(
                    title=f"{title[0].upper()}{title[1:]} of each class of {column}, {len(classes)} classes",
                    corner="initialization",
                    header=tuple(map(Heading, classes)),
                    lines=measured_lines(document, [(column, of_classes.get(one, {})) for one in classes], factor),
                    folded=True,
                    detail=True,
                )


def measured_lines(
    document: TableDocument, shown: Sequence[tuple[str, Mapping[CellKey, Cell]]], factor: float = 100
) -> tuple[Line, ...]:
    """A line for each row of a table.

    Args:
        document: the finished table.
        shown: for each column of the block, the label of the table's column and the cells that hold its numbers.
        factor: what numbers are multiplied by: 100 shows scores in percent.
    """
    lines = []
    for row, _ in document.rows:
        found = [cells.get((row, column), Cell(())) for column, cells in shown]
        lines.append(Line(row, tuple(entry_with_interval(cell, factor) for cell in found), row))
    return tuple(lines)
