"""The rows and columns of a table that drawings of single images or thresholds have room for."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, TypeVar

from experiments.reporting.blocks.building.gathering import Gathering
from experiments.run.store import Record
from experiments.tables.document import TableDocument


class OfCell(Protocol):
    """Something of a cell that is drawn in a panel of its own."""

    @property
    def row(self) -> str:
        """The label of the row."""

    @property
    def column(self) -> str:
        """The label of the column."""


Panel = TypeVar("Panel", bound=OfCell)

MOST_COLUMNS = 8
"""The largest number of columns of a table of which such drawings are made."""

MOST_ROWS = 6
"""The largest number of rows in one panel; of more, the reference row and those with the highest means are shown."""


def scored_columns(gathering: Gathering) -> list[str]:
    """The labels of the columns that show a test score; empty if there are more of them than drawings have room for."""
    labels = [column.label for column in gathering.table.columns if column.measure is None]
    return labels if len(labels) <= MOST_COLUMNS else []


def shown_rows(gathering: Gathering, column: str, most: int = MOST_ROWS) -> list[str]:
    """The labels of the rows with finished runs in a column that are shown, in the table's order.

    Args:
        gathering: the table's runs and records.
        column: the label of the column.
        most: how many rows there is room for; of more, the reference row and those with the highest means are taken.
    """
    means = {
        row.label: _mean(gathering.records_of((row.label, column)), gathering.columns[column].score)
        for row in gathering.table.rows
        if gathering.records_of((row.label, column))
    }
    first = sorted(means, key=lambda row: (row != gathering.table.reference, -means[row]))[:most]
    return [row for row in means if row in first]


def shown_cells(gathering: Gathering) -> Iterator[tuple[str, str, Sequence[Record]]]:
    """The row, the column and the finished runs of each cell that is shown, column by column."""
    for column in scored_columns(gathering):
        for row in shown_rows(gathering, column):
            yield row, column, gathering.records_of((row, column))


def left_out(document: TableDocument, shown: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """A note on the rows that there is no room for; none where all rows with runs are shown.

    Args:
        document: the finished table.
        shown: the row and column labels of the cells that are shown.
    """
    columns = {column for _, column in shown}
    lacking = [
        row
        for row, _ in document.rows
        if any(document.cells[row, column].values and (row, column) not in shown for column in columns)
    ]
    if not lacking:
        return ()
    return (
        f"There is room for {MOST_ROWS} rows: the reference row and those with the highest means. Left out: "
        f"{', '.join(lacking)}.",
    )


def panels_of(document: TableDocument, every: Sequence[Panel], most: int) -> list[Panel]:
    """The panels that there is room for: all; else those of each column's reference and best row; else none.

    Args:
        document: the finished table.
        every: the panels of all cells.
        most: the largest number of panels.
    """
    if len(every) <= most:
        return list(every)
    few = [one for one in every if one.row in (document.reference, document.best_row(one.column))]
    return few if len(few) <= most else []


def classified(record: Record) -> bool:
    """Whether a run is one of a classification, and so has probabilities."""
    return bool(record.data["metric"] == "auroc")


def _mean(records: Sequence[Record], score: str | None) -> float:
    values = [record.data["outcome"]["scores"].get(score) if score else record.score for record in records]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else -math.inf
