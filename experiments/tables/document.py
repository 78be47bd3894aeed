"""A finished table as plain data, and the words that every format shares."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from analysis.censored import Duration, TimeResult, compare_durations
from analysis.contrast import Contrast, contrast
from analysis.equivalence import equivalence
from analysis.ranks import RankComparison, compare_ranks
from analysis.statistics import (
    ALPHA,
    Alternative,
    CellResult,
    Comparison,
    Test,
    compare,
    compare_with_best,
)
from analysis.truth import Judgement, judged
from datamodules.dataset.counts import Counts
from experiments.tables.decided import Decided
from experiments.tables.figure import Figure
from experiments.tables.planted import Planted
from experiments.tables.stated import Examined, Stated, examined

Place = tuple[str, str]
"""Row and column label."""

# Long file: all that a finished table holds stands in one place.


@dataclass(frozen=True)
class Cell:
    """The scores of one row on one column.

    Attributes:
        values: in [0, 1], one per seed that has one.
        missing: the reason why some or all are not there.
        interval: of their mean, 95 % bootstrap over the test patients; None: nobody asked.
    """

    values: tuple[float, ...]
    missing: str | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Effort:
    """What the runs of a cell took.

    Attributes:
        epochs: until each run's validation score first reached 95 % of its best one.
        seconds: of each whole run.
        gpu_hours: of the runs that were on a GPU, together.
        steps: optimizer steps until each run's validation score first was the table's threshold, or until its last
            validation; empty without a threshold.
    """

    epochs: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    gpu_hours: float = 0.0
    steps: tuple[Duration, ...] = ()


@dataclass(frozen=True)
class RunLine:
    """One run of the table, for its details.

    Attributes:
        key: of the run.
        row: its row's label, or what it pretrains.
        column: its column's label.
        seed: of the run.
        score: that its column shows, or else its task's own, in [0, 1]; None where it is undefined.
        seconds: that it took.
        epochs: that it trained.
        load: its load report as plain data.
        scores: all of its scores by name.
        validation: score after each epoch, in [0, 1], None where it is undefined.
        steps: optimizer steps that were done by then; empty: not known.
        spec: what was asked for, as plain data.
        environment: versions and hardware.
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


@dataclass(frozen=True)
class NetworkCost:
    """What a network with its classifier or decoder costs.

    Attributes:
        columns: labels of the columns that have it.
        backbone: what people call it.
        image_size: height and width in pixels.
        parameters: how many there are.
        multiply_adds: of one image.
        seconds: that one image takes.
        device: that it takes them on.
    """

    columns: tuple[str, ...]
    backbone: str
    image_size: int
    parameters: int
    multiply_adds: int
    seconds: float
    device: str


@dataclass(frozen=True, kw_only=True)
class TableDocument:
    """A finished table.

    Attributes:
        name: of its files.
        title: one line.
        question: what it answers.
        rows: labels and initializer expressions.
        columns: labels and metrics.
        cells: by row and column label.
        secondary: further scores of the same runs, by title.
        efforts: what the runs of each cell took.
        reference: label of the row that the others are tested against.
        seeds: runs per cell when complete.
        edition: ``phantom`` or ``real``.
        weights: where they come from.
        protocol: ``paper``, ``small``, ``smoke``, ``tuned`` or ``changed``.
        runs: every run behind the table.
        overlaps: collections that a cell's weights and test set share, where they do.
        remarks: rows, and what must be known of their weights.
        test: of a row against the reference row.
        alternative: what a row's mean is held to be beside the reference's.
        margin: in points, within which rows are equivalent for whoever asks; None: nobody asked.
        figure: how it is drawn; None: it is not.
        directions: what a higher and a lower number are called.
        levels: what numbers are held against, such as a floor: by words and column, in [0, 1].
        transposed: whether a column is printed as a line, with the rows side by side.
        costs: of the columns' networks; empty: nobody asked.
        bounds: by column, scores after training on random labels, and on training and test images together.
        threshold: validation score in [0, 1] whose steps are counted; None: nobody asked.
        recommendation: sentences on what to start from; empty: nobody asked.
        decided: the outcome of the race that the recommendation is about; None: there was none.
        level: of the tests against the reference row, after Holm's correction.
        planted: what is true of the rows by construction; None: nobody knows.
        stated: what a paper states of the rows.
        column_seeds: runs per cell of columns that have others than ``seeds``.
        controls: rows that are another one once more, with other seeds, and which one.
        column_thresholds: of columns that have others than ``threshold``.
        counts: by column, what its dataset holds; without columns whose data were not there.
        marks: ``reference`` tests each row against the reference row with Holm's correction; ``paper`` against the
            best row, uncorrected, as the papers did.
    """

    name: str
    title: str
    question: str
    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    cells: dict[Place, Cell]
    secondary: dict[str, dict[Place, Cell]]
    reference: str
    seeds: int
    edition: Literal["phantom", "real"]
    weights: str
    protocol: str
    runs: tuple[RunLine, ...] = ()
    efforts: dict[Place, Effort] = field(default_factory=dict)
    overlaps: dict[Place, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[tuple[str, str], ...] = ()
    marks: Literal["reference", "paper"] = "reference"
    test: Test = "student"
    alternative: Alternative = "two-sided"
    margin: float | None = None
    figure: Figure | None = None
    directions: tuple[str, str] = ("better", "worse")
    transposed: bool = False
    costs: tuple[NetworkCost, ...] = ()
    recommendation: tuple[str, ...] = ()
    decided: Decided | None = None
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    levels: dict[str, dict[str, float]] = field(default_factory=dict)
    threshold: float | None = None
    level: float = ALPHA
    planted: Planted | None = None
    stated: tuple[Stated, ...] = ()
    column_seeds: dict[str, int] = field(default_factory=dict)
    column_thresholds: dict[str, float] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)

    @cached_property
    def comparison(self) -> Comparison:
        """The statistics against the reference row; rows that were raced are not tested one by one."""
        values = self._values()
        if self.test == "paired":  # scores of incomplete cells do not say whose seeds they are
            values = {
                row: {column: None if self.cells[row, column].missing else scores for column, scores in of.items()}
                for row, of in values.items()
            }
        found = compare(values, self.reference, self.test, self.alternative, self.level)
        if self.decided is None:
            return found
        cells = {
            place: cell
            if cell.mark == "reference"
            else dataclasses.replace(
                cell,
                p_value=None,
                p_holm=None,
                detectable=None,
                mark="untested",
                reason="the race says what is claimed",
            )
            for place, cell in found.cells.items()
        }
        return dataclasses.replace(found, cells=cells, tests=0)

    @cached_property
    def equivalent(self) -> tuple[Place, ...]:
        """The cells that are shown to lie within the margin of the reference row, uncorrected."""
        if self.margin is None:
            return ()
        found = []
        for (row, column), cell in self.cells.items():
            base = self.cells[self.reference, column].values
            if row == self.reference or not cell.values or not base:
                continue
            if equivalence(cell.values, base, self.margin / 100).equivalent:
                found.append((row, column))
        return tuple(found)

    @cached_property
    def paper_marks(self) -> dict[Place, str]:
        """The statistics against the best row, as the papers did."""
        return dict(compare_with_best(self._values()))

    @cached_property
    def ranks(self) -> RankComparison | None:
        """Mean ranks over the columns, of rows with scores in all of them; None if nobody asked or they are too few."""
        if self.figure is None or not self.figure.ranks:
            return None
        labels = [column for column, _ in self.columns]
        means = {
            row: [float(np.mean(self.cells[row, column].values)) for column in labels]
            for row, _ in self.rows
            if all(self.cells[row, column].values for column in labels)
        }
        return compare_ranks(means) if len(means) > 2 and len(labels) > 1 else None

    @cached_property
    def convergence(self) -> dict[Place, TimeResult]:
        """The steps to the threshold, and their statistics against the reference row, where there are any."""
        if not self.thresholds:
            return {}
        times = {row: {column: self._steps((row, column)) for column, _ in self.columns} for row, _ in self.rows}
        return compare_durations(times, self.reference, self.level)

    def threshold_of(self, column: str) -> float | None:
        """The validation score whose steps are counted in a column; None: nobody asked."""
        return self.column_thresholds.get(column, self.threshold)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """All of them, each once, in the columns' order."""
        found = (self.threshold_of(column) for column, _ in self.columns)
        return tuple(dict.fromkeys(one for one in found if one is not None))

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """What the tests say of each planted claim; empty where nothing was planted."""
        if self.planted is None:
            return ()
        (column, _), *_ = self.columns
        rows = [row for row, _ in self.rows]
        return judged(
            self.planted.claims,
            {row: self.cells[row, column].values for row in rows},
            {row: self._steps((row, column)) for row in rows},
            self.level,
        )

    @cached_property
    def examined(self) -> tuple[Examined, ...]:
        """What the tests say of each statement of the paper; Holm's correction is over all contrasts of the table."""
        scores = {place: cell.values for place, cell in self.cells.items()}
        return examined(self.stated, scores, {place: self._steps(place) for place in self.cells}, self.level)

    def _steps(self, place: Place) -> tuple[Duration, ...]:
        """Until the threshold, of each run of a cell."""
        return self.efforts.get(place, Effort()).steps

    @cached_property
    def interaction(self) -> Contrast | None:
        """How much more the second row gains on the first in the second group of columns than in the first group.

        None if nobody asked, or a group has no column with scores of both.
        """
        if self.figure is None or self.figure.interaction is None:
            return None
        before, after = self.figure.interaction
        samples, weights = [], []
        for sign, (_, columns) in zip((-1, 1), self.figure.groups[:2], strict=True):
            complete = [c for c in columns if self.cells[before, c].values and self.cells[after, c].values]
            if not complete:
                return None
            for column in complete:
                samples += [self.cells[before, column].values, self.cells[after, column].values]
                weights += [-sign / len(complete), sign / len(complete)]
        return contrast(samples, weights)

    def result(self, place: Place) -> CellResult | None:
        """The statistics of a cell, None where it has no scores."""
        return self.comparison.cells.get(place)

    def is_best(self, place: Place) -> bool:
        """Whether the cell has the highest mean of its column, alone or with others."""
        return place[0] in self.comparison.best.get(place[1], ())

    def best_row(self, column: str) -> str | None:
        """A row with the highest mean of a column, another than the reference row if there is one; None without any."""
        rows = self.comparison.best.get(column, ())
        return next((row for row in rows if row != self.reference), next(iter(rows), None))

    def symbol(self, place: Place, ascii_only: bool = False) -> str:
        """The marks of a cell: how it compares, and whether its weights may have seen the test set."""
        leak = ("#" if ascii_only else "‡") if self.overlaps.get(place) else ""
        return f"{self._compared(place, ascii_only)}{leak}"

    def _compared(self, place: Place, ascii_only: bool) -> str:
        """Better, worse or, on the papers' marking, not significantly different from the best."""
        if self.marks == "paper":
            return "†" * (self.paper_marks.get(place, "").startswith("not")) if not ascii_only else (
                "=" * self.paper_marks.get(place, "").startswith("not")
            )  # fmt: skip
        result = self.result(place)
        symbols = {"better": "+" if ascii_only else "▲", "worse": "-" if ascii_only else "▼"}
        return symbols.get(result.mark, "") if result else ""

    def _values(self) -> dict[str, dict[str, tuple[float, ...] | None]]:
        return {
            row: {column: self.cells[row, column].values or None for column, _ in self.columns} for row, _ in self.rows
        }
