"""Claims of papers as hypotheses about the cells of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.hypothesis import Hypothesis, Kind
from experiments.tables.document import CellKey

SourceKind = Literal["as printed", "here"]
"""Where numbers are from: printed by the paper, or finished tables on this disk."""

Unit = Literal["scores", "steps", "hours"]
"""What the cells of a table hold for a claim: scores, or optimizer steps or hours of a processor to its threshold."""


@dataclass(frozen=True)
class Sum:
    """A weighted sum of a table's cells, in points of 100 where the cells hold scores.

    Attributes:
        name: what the sum is of, in words, such as a task.
        weights: the weight of each cell, by row and column label.
    """

    name: str
    weights: Mapping[CellKey, float]


@dataclass(frozen=True)
class Reading:
    """How a claim reads in one table.

    Attributes:
        table: the registered name of the table, such as ``benchmark_table_2``.
        whole: the sum that the claim as a whole is judged by.
        parts: the sums for single tasks or networks, which are judged beside it, with a correction of their own.
        source: the kind of source that is read so; None: both.
        unit: what the sums are of: scores, or optimizer ``steps`` or ``hours`` of a processor to the table's threshold.
            Each sum of these is a difference of two rows, and fewer support a claim of ``more``.
    """

    table: str
    whole: Sum
    parts: tuple[Sum, ...] = ()
    source: SourceKind | None = None
    unit: Unit = "scores"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim of a paper. It is the result of a function in a file of ``claims`` in the paper's folder.

    Attributes:
        sentence: the claim in our words.
        where: where the paper makes it.
        kind: what is claimed of the sums: ``more`` than 0, or ``equal`` to 0 within the margin.
        margin: the smallest sum that would matter, in the unit of the table's cells.
        margin_from: where the margin comes from.
        readings: how the claim reads in tables.
        beyond: why printed numbers, or runs, cannot say more; empty where they say what is claimed.
    """

    sentence: str
    where: str
    kind: Kind
    margin: float
    margin_from: str
    readings: tuple[Reading, ...]
    beyond: str = ""

    def __post_init__(self) -> None:
        Hypothesis(self.kind, self.margin)  # refuses a margin that is none while the claim is made

    @property
    def hypothesis(self) -> Hypothesis:
        """What is asked of each sum."""
        return Hypothesis(self.kind, self.margin)


def difference(row: str, than: str, column: str, name: str = "") -> Sum:
    """The score of a row less that of another one, in a column.

    Args:
        row: the label of the row.
        than: the label of the row that it is compared with.
        column: the label of the column.
        name: what the sum is called; empty takes the column's label.
    """
    return Sum(name or column, {(row, column): 1.0, (than, column): -1.0})


def mean_of(name: str, sums: Sequence[Sum]) -> Sum:
    """The mean of several sums.

    Args:
        name: what the mean is called.
        sums: the sums of which the mean is taken.
    """
    weights: dict[CellKey, float] = {}
    for one in sums:
        for key, weight in one.weights.items():
            weights[key] = weights.get(key, 0.0) + weight / len(sums)
    return Sum(name, weights)


def less(name: str, first: Sum, second: Sum) -> Sum:
    """A sum less another one, as the interaction of two factors.

    Args:
        name: what the difference is called.
        first: the sum that is reduced.
        second: the sum that is taken away.
    """
    weights = dict(first.weights)
    for key, weight in second.weights.items():
        weights[key] = weights.get(key, 0.0) - weight
    return Sum(name, weights)


def over_columns(table: str, row: str, than: str, columns: Sequence[str], name: str = "mean over tasks") -> Reading:
    """The mean difference of two rows over columns, with each column as a part.

    Args:
        table: the registered name of the table.
        row: the label of the row.
        than: the label of the row that it is compared with.
        columns: the labels of the columns.
        name: what the mean is called.
    """
    parts = tuple(difference(row, than, column) for column in columns)
    return Reading(table, mean_of(name, parts), parts)
