"""The scores drawn, for tables that say how: a panel for each column, or the stages of networks on one axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.reporting.blocks.building.block import Block, DataRows, Value
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.held_against import levels_of
from experiments.reporting.drawings.panels import draw_panels
from experiments.reporting.drawings.stage_plot import draw_stages
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def drawn_scores() -> Kind:
    """The block with the drawing of the scores, for tables that have a figure."""
    return Kind(order=40, tell=_tell, endings=("",))


def _tell(document: TableDocument) -> Iterator[Block]:
    if document.figure is not None:
        yield Block(title="The table drawn", drawing=lambda: _draw(document), data=lambda: _data(document))


def _draw(document: TableDocument) -> Drawing:
    if document.figure is not None and document.figure.along:
        return draw_stages(document, levels_of(document))
    return draw_panels(document)


def _data(document: TableDocument) -> DataRows:
    """The scores of all runs, a line each."""
    lines: list[list[Value]] = [
        [row, column, metric, number, value]
        for row, _ in document.rows
        for column, metric in document.columns
        for number, value in enumerate(document.cells[row, column].values, 1)
    ]
    return [("row", "column", "metric", "run", "value"), *lines]
