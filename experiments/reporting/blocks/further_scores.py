"""Further scores of the same runs, such as Dice over all pixels together, where they are others than the table's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.statistics import summary
from experiments.reporting.blocks.building.block import Block, Heading, Line, Value, entry_of
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.layout import further_layout
from experiments.reporting.text.metric_names import NAMES
from experiments.reporting.text.phrases import mean_std
from experiments.tables.document import Cell, CellKey, TableDocument

TITLES = {name: title for name, title in NAMES.items() if name.startswith("dice")}
"""The titles of the scores that a table shows beside its own, by their names in a run's record."""


@dataclass(frozen=True)
class FurtherCells:
    """The further scores of a table.

    Attributes:
        by_title: the cells of each further score, by the score's title and then by row and column label.
    """

    by_title: dict[str, dict[CellKey, Cell]]


def further_scores() -> Kind:
    """The block of further scores, for tables whose runs have such scores."""
    return Kind(order=22, tell=_tell, part=FurtherCells, gather=_gather)


def _gather(gathering: Gathering) -> FurtherCells | None:
    """Gather the scores that differ from those the table shows and from the main score of the task.

    The Dice coefficient over images with a finding, for example, does not differ where all images have one.
    """
    own = {cell_key: _scores(gathering, cell_key, gathering.columns[cell_key[1]].score) for cell_key in gathering.cells}
    found: dict[str, dict[CellKey, Cell]] = {}
    for name, title in TITLES.items():
        further = {cell_key: _scores(gathering, cell_key, name) for cell_key in gathering.cells}
        task = found.get(TITLES["dice"], own)  # the task's main score, which comes first if the table shows another one
        if any(
            cell.values not in ((), own[cell_key].values, task[cell_key].values) for cell_key, cell in further.items()
        ):
            empty = {(row.label, column): Cell(()) for row in gathering.table.rows for column in gathering.columns}
            found[title] = empty | further
    return FurtherCells(found) if found else None


def _scores(gathering: Gathering, cell_key: CellKey, name: str | None) -> Cell:
    """The values of a score for a cell's runs; cells that hold numbers of a measure have none.

    Args:
        gathering: the finished table.
        cell_key: the labels of the cell's row and column.
        name: the name of the score in a run's record; None: the main score of the task.
    """
    if gathering.columns[cell_key[1]].measure is not None:
        return Cell(())
    records = gathering.records_of(cell_key)
    values = [record.score if name is None else record.data["outcome"]["scores"].get(name) for record in records]
    return Cell(tuple(value for value in values if value is not None))


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(FurtherCells)
    layout = further_layout(document, part.by_title) if part else None
    if part is None or layout is None:
        return
    lines = tuple(
        Line(line.heading.text, tuple(entry_of(cell, mean_std(cell)) for cell in line.cells)) for line in layout.lines
    )
    header = tuple(Heading(heading.label, heading.detail) for heading in layout.header)
    long = {}
    for title, cells in part.by_title.items():
        of = {cell_key: summary(cell.values) for cell_key, cell in cells.items() if cell.values}
        means: dict[CellKey, Value] = {cell_key: one.mean for cell_key, one in of.items()}
        long[f"{title}: mean"] = means
        long[f"{title}: std"] = {cell_key: one.std for cell_key, one in of.items()}
    yield Block(title="Further scores", corner=layout.corner, header=header, lines=lines, long=long)
