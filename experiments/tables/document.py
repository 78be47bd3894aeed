"""A finished table as plain data: its scores, their statistics, and what else was gathered of its runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from analysis.statistics import (
    ALPHA,
    Alternative,
    CellResult,
    Comparison,
    Test,
    compare,
    compare_with_best,
)
from experiments.tables.figure import Figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

CellKey = tuple[str, str]
"""The key of a cell: the labels of its row and of its column."""

Part = TypeVar("Part")


@dataclass(frozen=True)
class Cell:
    """The scores of one row on one column.

    Attributes:
        values: the scores of the runs in [0, 1], or their numbers of the column's measure, in the order of their seeds;
            runs without one are left out.
        missing: the reason why some or all scores are missing; None: none is missing.
        interval: the 95 % bootstrap interval of the mean over the test patients, in [0, 1]; None: no interval was asked
            for.
    """

    values: tuple[float, ...]
    missing: str | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class RunLine:
    """The details of one run of the table.

    Attributes:
        key: the key of the run, the hash of everything that changes its result.
        row: the label of the run's row; of a pretraining, the text ``pretraining from`` and its initializer.
        column: the label of the run's column, or the name of its dataset where several columns show it.
        seed: the seed of the run.
        score: the test score that its column shows, or else the main one of its task, in [0, 1]; None where it is
            undefined.
        seconds: how many seconds the whole run took.
        epochs: how many epochs the network was trained.
        load: the load report, which says where each initial weight came from, as plain data.
        scores: all test scores of the run by name; None where one is undefined.
        validation: the score of each validation in order, in [0, 1]; None where it is undefined.
        steps: how many optimizer steps had been done at each validation; empty: that is not known.
        spec: the spec of the run as plain data.
        environment: the versions of packages and the hardware that the run was done with.
        by_lists: whether lists of the user's divide its dataset, which the spec does not say, since it names no files.
    """

    key: str
    row: str
    column: str
    seed: int
    score: float | None
    seconds: float
    epochs: int
    load: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, float | None] = field(default_factory=dict)
    validation: tuple[float | None, ...] = ()
    steps: tuple[int, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    by_lists: bool = False


@dataclass(frozen=True, kw_only=True)
class Document:
    """A finished table of any kind, as plain data that every format can show.

    Attributes:
        name: the name of the table's files, without their endings.
        title: the title of the table, in one line.
        question: the question that the table answers.
        edition: the edition of the datasets: ``real`` files, or drawn ``phantom`` images.
    """

    name: str
    title: str
    question: str
    edition: Literal["phantom", "real"]

    @cached_property
    def memory(self) -> dict[str, Any]:
        """A cache for what is computed from this document and needed again; it is no part of the document's data."""
        return {}


@dataclass(frozen=True, kw_only=True)
class TextDocument(Document):
    """A table of texts: the datasets of a paper, or what an analysis of finished runs found.

    Attributes:
        header: the names of the columns.
        texts: the lines of the table, each with as many texts as there are columns.
        notes: notes that a reader needs to understand the table.
        draw: a function that makes the picture; None: the table has none, or was read from a file, which holds no
            picture.
        ending: the text between the document's name and the dot in the names of the picture's files, such as
            ``-images``.
    """

    header: Sequence[str]
    texts: Sequence[Sequence[str]]
    notes: tuple[str, ...] = ()
    draw: Callable[[], Drawing] | None = field(default=None, compare=False)
    ending: str = ""


@dataclass(frozen=True, kw_only=True)
class TableDocument(Document):
    """A finished table of scores.

    Attributes:
        rows: the label and the initializer expression of each row, in order.
        columns: the label and the metric of each column, in order.
        cells: the scores of each cell, by row and column label.
        reference: the label of the row that the others are tested against.
        seeds: how many runs a complete cell has.
        weights: where the weights come from, in words.
        protocol: the protocol of the runs: ``paper``, ``small``, ``smoke``, ``tuned`` or ``changed``.
        runs: the details of every run behind the table.
        measured: the name of the measure whose numbers a column's cells hold, by column; columns of test scores are
            left out.
        overlaps: the image collections that a cell's weights and its test set share, by row and column label.
        remarks: pairs of a row's label, or what else is meant, and a remark that readers of its scores need.
        marks: ``reference``: each row is tested against the reference row, with Holm's correction. ``paper``: each row
            is tested against the best row, uncorrected, as the papers did. ``race``: rows were raced, and none is
            tested by itself.
        test: the test of a row against the reference row: ``student``, ``welch`` or ``paired``.
        alternative: the alternative hypothesis of that test: ``two-sided``, or that the row's mean is ``greater`` or
            ``less``.
        level: the significance level of the tests against the reference row after Holm's correction, in (0, 1).
        figure: how the table is drawn; None: it is not drawn.
        directions: the words for a higher and for a lower number, such as ``better`` and ``worse``.
        transposed: whether a column is printed as a line, with the rows side by side.
        column_seeds: how many runs each cell has in the columns where that is another number than ``seeds``, by column.
        controls: the label of the row that a control repeats with other seeds, by the control's label.
        parts: what else was gathered from the runs, at most one object of each class; the kinds of blocks read and show
            them.
    """

    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    cells: dict[CellKey, Cell]
    reference: str
    seeds: int
    weights: str
    protocol: str
    runs: tuple[RunLine, ...] = ()
    measured: dict[str, str] = field(default_factory=dict)
    overlaps: dict[CellKey, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[tuple[str, str], ...] = ()
    marks: Literal["reference", "paper", "race"] = "reference"
    test: Test = "student"
    alternative: Alternative = "two-sided"
    level: float = ALPHA
    figure: Figure | None = None
    directions: tuple[str, str] = ("better", "worse")
    transposed: bool = False
    column_seeds: dict[str, int] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    parts: tuple[object, ...] = ()

    def part(self, kind: type[Part]) -> Part | None:
        """The part of a class; None: there is none."""
        return next((part for part in self.parts if isinstance(part, kind)), None)

    def with_part(self, part: object) -> TableDocument:
        """The document with a part added, which replaces a part of the same class."""
        others = (one for one in self.parts if type(one) is not type(part))
        return dataclasses.replace(self, parts=(*others, part))

    @cached_property
    def comparison(self) -> Comparison:
        """The statistics against the reference row; rows that were raced are not tested one by one."""
        values = self._values()
        if self.test == "paired":  # the scores of an incomplete cell do not say which seeds they belong to
            values = {
                row: {column: None if self.cells[row, column].missing else scores for column, scores in of.items()}
                for row, of in values.items()
            }
        found = compare(values, self.reference, self.test, self.alternative, self.level)
        if self.marks != "race":
            return found
        cells = {
            cell_key: cell
            if cell.mark == "reference"
            else dataclasses.replace(
                cell,
                p_value=None,
                p_holm=None,
                detectable=None,
                mark="untested",
                reason="the race says what is claimed",
            )
            for cell_key, cell in found.cells.items()
        }
        return dataclasses.replace(found, cells=cells, tests=0)

    @cached_property
    def paper_marks(self) -> dict[CellKey, str]:
        """The statistics against the best row, as the papers did."""
        return dict(compare_with_best(self._values()))

    def result(self, cell_key: CellKey) -> CellResult | None:
        """The statistics of a cell, None where it has no scores."""
        return self.comparison.cells.get(cell_key)

    def is_best(self, cell_key: CellKey) -> bool:
        """Whether the cell has the highest mean of its column, alone or with others."""
        return cell_key[0] in self.comparison.best.get(cell_key[1], ())

    def best_row(self, column: str) -> str | None:
        """A row with the highest mean of a column, another than the reference row if there is one; None without any."""
        rows = self.comparison.best.get(column, ())
        return next((row for row in rows if row != self.reference), next(iter(rows), None))

    def symbol(self, cell_key: CellKey) -> str:
        """The marks of a cell: how it compares, and whether its weights may have seen the test set."""
        return f"{self._compared(cell_key)}{'‡' if self.overlaps.get(cell_key) else ''}"

    def _compared(self, cell_key: CellKey) -> str:
        """The mark for better, worse or, if marked as in the papers, not significantly different from the best."""
        if self.marks == "paper":
            return "†" * self.paper_marks.get(cell_key, "").startswith("not")
        result = self.result(cell_key)
        return {"better": "▲", "worse": "▼"}.get(result.mark, "") if result else ""

    def _values(self) -> dict[str, dict[str, tuple[float, ...] | None]]:
        return {
            row: {column: self.cells[row, column].values or None for column, _ in self.columns} for row, _ in self.rows
        }
