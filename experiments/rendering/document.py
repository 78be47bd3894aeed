"""A finished table as plain data, and the words that every format shares."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from analysis.contrast import Contrast, contrast
from analysis.equivalence import equivalence
from analysis.ranks import RankComparison, compare_ranks
from analysis.statistics import (
    ALPHA,
    POWER,
    Alternative,
    CellResult,
    Comparison,
    Test,
    compare,
    compare_with_best,
)
from experiments.rendering.figure import Figure

Place = tuple[str, str]
"""Row and column label."""


@dataclass(frozen=True)
class Cell:
    """Scores in [0, 1], one per seed that has one, and the reason why some or all are missing."""

    values: tuple[float, ...]
    missing: str | None = None


@dataclass(frozen=True)
class Effort:
    """What the runs of a cell took.

    Attributes:
        epochs: until each run's validation score first reached 95 % of its best one.
        seconds: of each whole run.
    """

    epochs: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()


CONVERGED = 0.95
"""Share of the best validation score that counts as converged."""


@dataclass(frozen=True)
class RunLine:
    """One run of the table, for its details.

    Attributes:
        key: of the run.
        row: its row's label, or what it pretrains.
        column: its column's label.
        seed: of the run.
        score: in [0, 1], or None where it is undefined.
        seconds: that it took.
        epochs: that it trained.
        load: its load report as plain data.
        scores: all of its scores by name.
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
        protocol: ``paper``, ``small`` or ``smoke``.
        runs: every run behind the table.
        overlaps: collections that a cell's weights and test set share, where they do.
        remarks: rows, and what must be known of their weights.
        test: of a row against the reference row.
        alternative: what a row's mean is held to be beside the reference's.
        margin: in points, within which rows are equivalent for whoever asks; None: nobody asked.
        figure: how it is drawn; None: it is not.
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

    @cached_property
    def comparison(self) -> Comparison:
        """The statistics against the reference row."""
        values = self._values()
        if self.test == "paired":  # scores of incomplete cells do not say whose seeds they are
            values = {
                row: {column: None if self.cells[row, column].missing else scores for column, scores in of.items()}
                for row, of in values.items()
            }
        return compare(values, self.reference, self.test, self.alternative)

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
        """Whether the cell has the highest mean of its column."""
        return self.comparison.best.get(place[1]) == place[0]

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

    def to_json(self) -> dict[str, Any]:
        """Plain data: the table, its statistics and its runs."""
        plain = dataclasses.asdict(self)
        plain["cells"] = [
            {
                "row": row,
                "column": column,
                "values": list(cell.values),
                "missing": cell.missing,
                "statistics": dataclasses.asdict(result) if (result := self.result((row, column))) else None,
                "best": self.is_best((row, column)),
                "paper_mark": self.paper_marks.get((row, column)),
            }
            for (row, column), cell in self.cells.items()
        ]
        plain["overlaps"] = [
            {"row": row, "column": column, "collections": list(names)} for (row, column), names in self.overlaps.items()
        ]
        plain["efforts"] = [
            {"row": row, "column": column, **dataclasses.asdict(effort)}
            for (row, column), effort in self.efforts.items()
        ]
        plain["secondary"] = {
            title: [
                {"row": row, "column": column, "values": list(cell.values)} for (row, column), cell in cells.items()
            ]
            for title, cells in self.secondary.items()
        }
        return plain


def mean_std(cell: Cell, ascii_only: bool = False) -> str:
    """``71.23 ± 0.45`` in percent; a single score has no spread, a missing one is a dash."""
    if not cell.values:
        return "-"
    from analysis.statistics import summary

    of = summary(cell.values)
    sign = "+/-" if ascii_only else "±"
    return f"{100 * of.mean:.2f}" + (f" {sign} {100 * of.std:.2f}" if of.std is not None else "")


def p_text(p: float | None) -> str:
    """A p-value with two significant digits; never shown as 0."""
    if p is None:
        return "-"
    return "<1e-4" if p < 1e-4 else f"{p:.2g}"


def provenance(document: TableDocument) -> str:
    """Data, weights and protocol in one line."""
    data = "synthetic (phantom) data" if document.edition == "phantom" else "real data"
    return f"Data: {data}. Weights: {document.weights}. Protocol: {document.protocol}."


def further_scores(document: TableDocument) -> list[tuple[str, str]]:
    """The further scores that have values, as title and column label."""
    rows = [row for row, _ in document.rows]
    return [
        (title, column)
        for column, _ in document.columns
        for title, cells in document.secondary.items()
        if any(cells[row, column].values for row in rows)
    ]


TESTS = {
    "student": "independent t-test with pooled variance",
    "welch": "Welch's independent t-test",
    "paired": "t-test of the differences over seeds",
}
SIDES = {"two-sided": "two-sided", "greater": "one-sided for better rows", "less": "one-sided for worse rows"}
EFFORTS = (f"epochs to {CONVERGED:.0%} of the best validation score", "seconds a run")
"""What ``efforts_by_row`` gives of each row."""


def efforts_by_row(document: TableDocument) -> list[tuple[str, str, str]]:
    """Label, epochs and seconds of each row, as means over the columns that all rows have runs in."""
    columns = [
        column
        for column, _ in document.columns
        if all(document.efforts.get((row, column), Effort()).epochs for row, _ in document.rows)
    ]
    if not columns:
        return []
    found = []
    for row, _ in document.rows:
        cells = [document.efforts[row, column] for column in columns]
        epochs, seconds = (
            float(np.mean([np.mean(values) for values in all_of]))
            for all_of in ([cell.epochs for cell in cells], [cell.seconds for cell in cells])
        )
        found.append((row, f"{epochs:.1f}", f"{seconds:.1f}"))
    return found


PHANTOM_WARNING = "Synthetic (phantom) data: this shows the instrument, not the papers' findings."


def notes(document: TableDocument, ascii_only: bool = False) -> list[str]:
    """What a reader must know to read the numbers."""
    better, worse = ("+", "-") if ascii_only else ("▲", "▼")
    sign = "+/-" if ascii_only else "±"
    found = [
        f"Mean {sign} sample standard deviation (ddof 1) in percent over {document.seeds} seeds; the best of a column "
        "is bold (in plain text: *).",
    ]
    if document.marks == "reference":
        found.append(
            f'{better} better, {worse} worse than the row "{document.reference}": {TESTS[document.test]}, '
            f"{SIDES[document.alternative]}, Holm over the table, {ALPHA:.0%} level. No mark: no difference shown, "
            "which does not mean equal."
        )
    else:
        mark = "=" if ascii_only else "†"
        found.append(
            f"{mark} not significantly different from the best of its column: two-sided independent t-test, "
            "uncorrected, as the papers mark; testing against a best row that was found afterwards marks too many."
        )
    found += _detectable(document)
    if document.margin is not None:
        shown = "; ".join(f"{row} on {column}" for row, column in document.equivalent) or "none"
        found.append(
            f'Shown to be equivalent to the row "{document.reference}" within {sign} {document.margin:g} points (two '
            f"one-sided t-tests, uncorrected): {shown}."
        )
    found += _over_columns(document)
    for (row, column), names in document.overlaps.items():
        found.append(
            f"{'#' if ascii_only else '‡'} {row} on {column}: the weights have seen images of {', '.join(names)}, "
            "which the test set is from, so the score may be too high."
        )
    found += [f"{row}: {remark}." for row, remark in document.remarks]
    pretraining = "Every pretraining ran once, with seed 0: the spread over seeds is that of fine-tuning."
    if any("(" in expression or expression in ("fractals", "{source}") for _, expression in document.rows):
        found.append(pretraining)
    return found


def _over_columns(document: TableDocument) -> list[str]:
    """What is tested over several columns."""
    found = []
    if (ranks := document.ranks) is not None:
        best = ", ".join(f"{row} {rank:.2f}" for row, rank in list(ranks.mean_ranks.items())[:3])
        found.append(
            f"Mean ranks over {ranks.tasks} columns: Friedman's test p = {p_text(ranks.p_value)}; two rows differ if "
            f"their mean ranks do by {ranks.critical_difference:.2f} or more (Nemenyi, {ranks.alpha:.0%}). Best: "
            f"{best}."
        )
    if (interaction := document.interaction) is not None and document.figure and document.figure.interaction:
        before, after = document.figure.interaction
        (first, _), (second, _) = document.figure.groups[:2]
        found.append(
            f'The gain of "{after}" over "{before}" is {100 * interaction.estimate:+.2f} points larger in {second} '
            f"than in {first} (contrast of means, p = {p_text(interaction.p_value)})."
        )
    return found


def _detectable(document: TableDocument) -> list[str]:
    lines = []
    for column, _ in document.columns:
        sizes = [
            result.detectable
            for (_, other), result in document.comparison.cells.items()
            if other == column and result.detectable is not None
        ]
        if sizes:
            low, high = f"{100 * min(sizes):.2f}", f"{100 * max(sizes):.2f}"
            lines.append(f"{column} {low}" if low == high else f"{column} {low} to {high}")
    if not lines:
        return []
    return [
        f"Smallest difference that this number of runs would show with {POWER:.0%} power before correction, in points: "
        f"{'; '.join(lines)}."
    ]


def missing(document: TableDocument) -> list[str]:
    """Why cells have no or fewer scores."""
    return [f"{row} on {column}: {cell.missing}" for (row, column), cell in document.cells.items() if cell.missing]
