"""An analysis of runs: what is found by looking at finished runs, or at data, that no table of scores can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.run.paths import Paths
from experiments.run.store import Record
from experiments.tables.document import CellKey
from experiments.tables.table import Table
from specs.run import Edition

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

Runs = Mapping[CellKey, tuple[Record, ...]]
"""The finished runs of an analysis's table, by row and column label, in the order of their seeds."""


@dataclass(frozen=True)
class AnalysisResult:
    """The result of an analysis: a table of texts and a picture.

    Attributes:
        header: the names of the columns.
        rows: the lines of the table, each with as many texts as there are columns.
        notes: notes that a reader needs to understand the table.
        draw: a function that makes the picture.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    draw: Callable[[], Drawing]


@dataclass(frozen=True, kw_only=True)
class RunAnalysis:
    """A figure, or a table of something other than scores, that is made by analyzing finished runs or data.

    Attributes:
        title: the title of the analysis, in one line.
        question: the question that the analysis answers.
        edition: the edition of the datasets: ``real`` files, or drawn ``phantom`` images.
        networks: the table whose runs are analyzed; None: data are analyzed, and no runs are needed.
        analyze: a function that analyzes the finished runs, given them and where data and runs are stored.
        of_patients: whether the picture shows real images, which reports show only to those who ask for them.
    """

    title: str
    question: str
    edition: Edition
    networks: Table | None
    analyze: Callable[[Runs, Paths], AnalysisResult]
    of_patients: bool = False
