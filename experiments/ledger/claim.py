"""Claims of papers as hypotheses about the cells of tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from analysis.hypothesis import Evidence, Hypothesis, Kind
from experiments.tables.document import CellKey
from specs.errors import UsageError

SourceKind = Literal["as printed", "elsewhere", "here", "planted worlds"]
"""Where numbers are from: printed by the paper, others' finished work, finished tables, or worlds of known truth."""

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


Judge = Callable[[Sum, Hypothesis], Evidence]
"""What a source says of a sum of cells."""


@dataclass(frozen=True)
class NumbersOfOthers:
    """Numbers from finished work of other people.

    Attributes:
        citation: the people who made them, and where they are published.
        licence: what may be done with them, as their publisher says.
        remarks: what must be known to read them, such as what stands for repeated runs.
        judge: what they say of a sum of their rows and columns.
    """

    citation: str
    licence: str
    remarks: tuple[str, ...]
    judge: Judge


class Others(Protocol):
    """Finished work of other people that a claim is held against: a file beside the claim, or one that the user has."""

    @property
    def wanted(self) -> str:
        """The file that the user is to get, with its source and licence; empty where it comes with the claim."""
        ...

    def read(self, folder: Path | None) -> NumbersOfOthers | None:
        """The numbers; None where the file is the user's and is not in the folder.

        Args:
            folder: the folder in which the user keeps such files; None: there is none.

        Raises:
            DataError: if the file cannot be read.
        """
        ...


@dataclass(frozen=True)
class Reading:
    """How a claim reads in one table, or in finished work of other people.

    Attributes:
        table: the registered name of the table, such as ``benchmark_table_2``; empty with ``others``.
        whole: the sum that the claim as a whole is judged by.
        parts: the sums for single tasks or networks, which are judged beside it, with a correction of their own.
        source: the kind of source that is read so; None: as printed and here.
        unit: what the sums are of: scores, or optimizer ``steps`` or ``hours`` of a processor to the table's threshold.
            Each sum of these is a difference of two rows, and fewer support a claim of ``more``.
        others: the work that is read if the source is ``elsewhere``, by whose rows and columns the sums are.
    """

    table: str
    whole: Sum
    parts: tuple[Sum, ...] = ()
    source: SourceKind | None = None
    unit: Unit = "scores"
    others: Others | None = None

    def __post_init__(self) -> None:
        if (self.source == "elsewhere") != (self.others is not None):
            raise ValueError("expected others' work in a reading of the source elsewhere, and in no other reading")


@dataclass(frozen=True)
class PlantedReading:
    """How a claim reads in a planted world, where it is known whether the claim is true.

    Attributes:
        reading: how the claim reads in the world's table.
        holds: whether the claim is true in this world by construction.
    """

    reading: Reading
    holds: bool


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
        not_elsewhere: why finished work of others that is known cannot test the claim; empty where it can, or none is.
        worlds: how the claim reads in planted worlds, which test its verdicts and say nothing of medicine.

    Raises:
        UsageError: if a table is read both as evidence and as a planted world.
    """

    sentence: str
    where: str
    kind: Kind
    margin: float
    margin_from: str
    readings: tuple[Reading, ...]
    beyond: str = ""
    not_elsewhere: str = ""
    worlds: tuple[PlantedReading, ...] = ()

    def __post_init__(self) -> None:
        Hypothesis(self.kind, self.margin)  # refuses a margin that is none while the claim is made
        if both := {one.table for one in self.readings} & {one.reading.table for one in self.worlds}:
            raise UsageError(
                f'the claim "{self.sentence}" reads the table {min(both)} both as evidence and as a planted world. '
                "Expected tables of planted worlds in `worlds` alone; take it out of `readings`."
            )

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


def held_against(others: Others, whole: Sum, parts: Sequence[Sum] = ()) -> Reading:
    """The reading of a claim in finished work of other people.

    Args:
        others: the work, as ``experiments.ledger.elsewhere`` has it.
        whole: the sum that the claim is judged by, of the work's rows and columns.
        parts: the sums that are judged beside it.
    """
    return Reading("", whole, tuple(parts), "elsewhere", others=others)
