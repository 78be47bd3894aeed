"""How soon rows converge: optimizer steps until a validation score, their medians, a test beside the reference row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.survival import Duration, TimeResult, compare_durations, least_p_value
from experiments.reporting.blocks.building.block import Block, DataRows, Entry, Heading, Line, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.drawings.labels import height_of, legend_below, wrapped
from experiments.reporting.drawings.looks import looks
from experiments.reporting.drawings.panels import NAMES, NARROWEST, PER_LINE, entitle
from experiments.reporting.text.phrases import p_stated, p_text, percent_level
from experiments.run.record_views import steps_to, validated_steps, validation_scores
from experiments.run.store import Record
from experiments.tables.document import CellKey, TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

COLUMNS = ("steps_to_threshold", "threshold_reached", "threshold_runs", "threshold_p", "threshold_p_holm")


@dataclass(frozen=True)
class ConvergenceSteps:
    """Optimizer steps until a validation score was first reached.

    Attributes:
        steps: the steps of each run of a cell, by row and column label; where a run did not reach the threshold, the
            steps until its last validation.
        threshold: the validation score in [0, 1] that is to be reached; None: steps are counted only in columns with a
            threshold of their own.
        column_thresholds: the thresholds in [0, 1] of columns that have their own, by column label.
    """

    steps: dict[CellKey, tuple[Duration, ...]]
    threshold: float | None = None
    column_thresholds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for share in (self.threshold, *self.column_thresholds.values()):
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"threshold {share} is not in [0, 1]")

    def of(self, column: str) -> float | None:
        """The validation score in [0, 1] until which a column's steps are counted; None: no steps are counted."""
        return self.column_thresholds.get(column, self.threshold)


def convergence() -> Kind:
    """The block of steps to a validation score, for tables with a threshold."""
    return Kind(order=26, tell=_tell, part=ConvergenceSteps, gather=_gather, endings=("-steps",), columns=COLUMNS)


def _gather(gathering: Gathering) -> ConvergenceSteps | None:
    table = gathering.table
    own = {column.label: column.threshold for column in table.columns if column.threshold is not None}
    steps = {}
    for cell_key in gathering.cells:
        column = gathering.columns[cell_key[1]]
        threshold = own.get(column.label, table.threshold)
        if column.measure is None and threshold is not None:
            steps[cell_key] = tuple(_steps(record, threshold) for record in gathering.records_of(cell_key))
    return ConvergenceSteps(steps, table.threshold, own) if own or table.threshold is not None else None


def _steps(record: Record, threshold: float) -> Duration:
    return steps_to(threshold, validation_scores(record), validated_steps(record))


def steps_of(document: TableDocument, cell_key: CellKey) -> tuple[Duration, ...]:
    """The steps to the threshold of each run of a cell; empty where none are counted."""
    part = document.part(ConvergenceSteps)
    return part.steps.get(cell_key, ()) if part else ()


def threshold_of(document: TableDocument, column: str) -> float | None:
    """The validation score in [0, 1] until which a column's steps are counted; None: no steps are counted."""
    part = document.part(ConvergenceSteps)
    return part.of(column) if part else None


def results_of(document: TableDocument) -> Mapping[CellKey, TimeResult]:
    """The median steps of each cell with a test against the reference row; empty where no steps are counted."""
    columns = [column for column, _ in document.columns]
    times = {row: {column: steps_of(document, (row, column)) for column in columns} for row, _ in document.rows}
    if not any(steps for of in times.values() for steps in of.values()):
        return {}
    return compare_durations(times, document.reference, document.level)


def _tell(document: TableDocument) -> Iterator[Block]:
    results = results_of(document)
    if not results:
        return
    columns = [column for column, _ in document.columns if any(cell_key[1] == column for cell_key in results)]
    title = f"Steps to a validation score of {thresholds_in_words(document, columns)}"
    lines = [
        Line(row, tuple(entry_of_time(results.get((row, column))) for column in columns), row)
        for row, _ in document.rows
    ]
    yield Block(
        title=title,
        corner=f"{title[0].lower()}{title[1:]}",
        header=tuple(map(Heading, columns)),
        lines=tuple(lines),
        notes=tuple(_notes(document, title, columns, results)),
        drawing=lambda: _draw(document, title, columns, results),
        data=lambda: _data(document, columns),
        ending="-steps",
        long=_long(results),
    )


def thresholds_in_words(document: TableDocument, columns: Sequence[str]) -> str:
    """The threshold as in ``80%``, or as in ``80% (DRIVE: 50%)`` where a column has another one."""
    first, others = threshold_of(document, columns[0]) or 0, []
    for column in columns[1:]:
        if (own := threshold_of(document, column)) not in (None, first):
            others.append(f"{column}: {100 * (own or 0):g}%")
    return f"{100 * first:g}%" + (f" ({'; '.join(others)})" if others else "")


def entry_of_time(of: TimeResult | None, form: str = ",.0f") -> Entry:
    """The median as in ``1,200 (3 of 3)``, or ``> 4,000 (1 of 3)`` if fewer than half of the runs got there.

    Args:
        of: the durations of a cell; None: there are none.
        form: the format of a time, as Python writes it.
    """
    if of is None:
        return Entry("-")
    text = f"{'' if of.median.reached else '> '}{of.median.time:{form}} ({of.reached} of {of.runs})"
    tested = p_stated(of.p_holm, "Holm p") if of.p_holm is not None else ""
    return Entry(text, of.median.time if of.median.reached else np.inf, tested)


def _long(results: Mapping[CellKey, TimeResult]) -> dict[str, dict[CellKey, Value]]:
    """The values of the CSV columns: median steps if half of the runs reached the threshold, runs, and p-values."""
    found: dict[str, dict[CellKey, Value]] = {name: {} for name in COLUMNS}
    for cell_key, of in results.items():
        median = of.median.time if of.median.reached else None
        for name, value in zip(COLUMNS, (median, of.reached, of.runs, of.p_value, of.p_holm), strict=True):
            found[name][cell_key] = value
    return found


def _notes(
    document: TableDocument, title: str, columns: Sequence[str], results: Mapping[CellKey, TimeResult]
) -> Iterator[str]:
    """Notes on how the steps to the threshold are counted, and on which rows differ in them."""
    yield (
        f"{title}: optimizer steps until it was first reached, the median over runs and how many of them reached it. "
        "> N: fewer than half did, and by step N fewer than half could have. A run that ended without it counts as one "
        "that never reaches it."
    )
    rows = dict(document.rows)
    first = {run.column: f"{run.steps[0]:,}" for run in document.runs if run.row in rows and run.steps}
    if each := "; ".join(f"{column} {first[column]}" for column in columns if column in first):
        yield (
            f"Steps from one validation to the next, the same for all rows of a column: {each}. The score was reached "
            "up to that many steps earlier."
        )
    yield from tested_in_words(document, results, "Steps")


def tested_in_words(document: TableDocument, results: Mapping[CellKey, TimeResult], what: str) -> Iterator[str]:
    """A note on the rows that are sooner or later than the reference row; none where nothing was tested.

    Args:
        document: the finished table.
        results: the durations of each cell and their tests.
        what: what durations are counted in, as the first word of the note.
    """
    if all(of.p_holm is None for of in results.values()):
        return
    said = {
        mark: ", ".join(
            f"{row} on {column} ({p_stated(of.p_holm)})" for (row, column), of in results.items() if of.mark == mark
        )
        for mark in ("sooner", "later")
    }
    pairs = [
        (of, results.get((document.reference, column)))
        for (row, column), of in results.items()
        if row != document.reference
    ]
    counts = sorted({of.runs for of, base in pairs if base is not None and of.runs == base.runs})
    least = " and ".join(f"{p_text(least_p_value(count))} at least with {count} runs a row" for count in counts)
    least = f", whose p is {least}" if least else ""
    yield (
        f'{what} beside those of the row "{document.reference}" (two-sided permutation test of the log-rank '
        f"statistic{least}; Holm over the table, {percent_level(document)} level): "
        f"sooner: {said['sooner'] or 'none'}; later: {said['later'] or 'none'}."
    )


def _draw(
    document: TableDocument, title: str, columns: Sequence[str], results: Mapping[CellKey, TimeResult]
) -> Drawing:
    """The figure of steps: a panel per column and a line per row, with a mark for every run and one for the median."""
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    rows = [row for row, _ in document.rows]
    widest = min(PER_LINE, len(columns))
    high = -(-len(columns) // widest)
    names = [wrapped(row, NAMES, 8) for row in rows]
    titles = [wrapped(column, 2.9, 9) for column in columns]
    tall = 0.75 + height_of(titles, 9) + max(0.32, height_of(names, 8)) * len(rows)
    drawing = Drawing(figsize=(max(NARROWEST, 1.8 + 2.9 * widest), tall * high + 1.2), layout="constrained")
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(high, widest, number + 1)
        _panel(axes, document, column, results)
        axes.set_title(titles[number], fontsize=9)
        axes.set_yticks([-place for place in range(len(rows))], [""] * len(rows) if number % widest else names)
        axes.tick_params(axis="y", labelsize=8)
    gray: dict[str, Any] = {"color": "0.3", "linestyle": ""}
    marks = [
        Line2D([], [], marker="o", markersize=4, label="run", **gray),
        Line2D([], [], marker="o", markersize=4, fillstyle="none", label="run that ended without it", **gray),
        Line2D([], [], marker="|", markersize=10, markeredgewidth=1.6, label="median", **gray),
    ]
    legend_below(drawing, marks, 3, 8)
    entitle(drawing, document, f"{document.title}: {title[0].lower()}{title[1:]}")
    return drawing


def _panel(axes: Axes, document: TableDocument, column: str, results: Mapping[CellKey, TimeResult]) -> None:
    """Draw the panel of one column, with each run at a height of its own, so that no mark hides another.

    The numbers of each row stand as text at its right.
    """
    from matplotlib.ticker import MaxNLocator

    shown = looks(document)
    for number, (row, (color, marker, _)) in enumerate(shown.items()):
        steps, result = steps_of(document, (row, column)), results.get((row, column))
        text = entry_of_time(result).text
        axes.annotate(text, (1.03, -number), xycoords=("axes fraction", "data"), va="center", fontsize=7, color="0.3")
        if result is None:
            continue
        heights = -number + (np.linspace(0.24, -0.24, len(steps)) if len(steps) > 1 else np.zeros(1))
        for run, height in zip(steps, heights, strict=True):
            look = "full" if run.reached else "none"
            axes.plot(
                run.time, height, marker=marker, markersize=4, fillstyle=look, color=color, alpha=0.75, clip_on=False
            )
            if not run.reached:
                arrow = {"arrowstyle": "<-", "color": color, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 2.5}
                at = (run.time, height)
                axes.annotate("", at, xytext=(11, 0), textcoords="offset points", arrowprops=arrow)
        if result.median.reached:
            axes.vlines(result.median.time, -number - 0.36, -number + 0.36, color=color, linewidth=1.8, zorder=1)
    axes.set_xlabel("training step", fontsize=8)
    axes.set_ylim(-len(shown) + 0.4, 0.6)
    longest = max(run.time for row in shown for run in steps_of(document, (row, column)))
    axes.set_xlim(0, 1.1 * longest)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="x", labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _data(document: TableDocument, columns: Sequence[str]) -> DataRows:
    """The steps of each run and whether it reached the threshold by then, a line each."""
    lines: list[list[Value]] = [
        [row, column, number, run.time, int(run.reached)]
        for row, _ in document.rows
        for column in columns
        for number, run in enumerate(steps_of(document, (row, column)), 1)
    ]
    return [("row", "column", "run", "steps", "reached"), *lines]
