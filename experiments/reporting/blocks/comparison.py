"""How each row compares with the reference row: every test, what it could have missed, and a drawing of differences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.contrast import CONFIDENCE, contrast
from analysis.statistics import POWER, CellResult
from experiments.reporting.blocks.building.block import Block, DataRows, Entry, Heading, Line
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.drawings.intervals import Bar, draw_bar, edges, frame, write_beside
from experiments.reporting.drawings.labels import height_of, wrapped
from experiments.reporting.drawings.looks import looks
from experiments.reporting.drawings.panels import entitle
from experiments.reporting.text.layout import sides
from experiments.reporting.text.phrases import p_text, percent_level
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

MOST = 4
"""The largest number of columns of a table whose differences are drawn."""

PER_LINE = 2
"""The number of panels side by side; each has numbers at its right."""

NAMES, PANEL, NUMBERS = 2.0, 2.3, 1.5
"""Widths in inches: of the rows' names at most, of a panel, and of the numbers at its right."""


HEADER = (
    Heading("Task", wordy=True),
    Heading("n"),
    Heading("Difference, points"),
    Heading("p"),
    Heading("p (Holm)"),
    Heading("Detectable after Holm, points"),
    Heading("Verdict", wordy=True),
)


def comparison() -> Kind:
    """The blocks of tables whose rows are tested one by one, which those of a race are not."""
    return Kind(order=44, tell=_tell, endings=("-differences",))


def _tell(document: TableDocument) -> Iterator[Block]:
    if document.marks == "race":
        return
    drawn, notes = _is_drawn(document), tuple(_detectable(document))
    if drawn or notes:
        yield Block(
            title="Differences from the reference row" if drawn else "", notes=notes,
            drawing=(lambda: draw_forest(document)) if drawn else None, data=lambda: _data(document),
            ending="-differences",
        )  # fmt: skip
    lines = [
        Line(row, _tested(column, result))
        for (row, column), result in document.comparison.cells.items()
        if result.mark != "reference"
    ]
    yield Block(
        title=f'Statistics against "{document.reference}"', corner="initialization", header=HEADER, lines=tuple(lines),
        folded=True, detail=True,
    )  # fmt: skip


def _tested(column: str, result: CellResult) -> tuple[Entry, ...]:
    verdict = f"{result.mark} ({result.reason})" if result.reason else result.mark
    return (
        Entry(column),
        Entry(str(result.summary.n), result.summary.n),
        Entry(_points(result.difference), result.difference),
        Entry(p_text(result.p_value), result.p_value),
        Entry(p_text(result.p_holm), result.p_holm),
        Entry(_points(result.detectable), result.detectable),
        Entry(verdict),
    )


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.2f}"


def _detectable(document: TableDocument) -> list[str]:
    """A note on how large a difference must be for the corrected test to find it; empty where nothing was tested."""
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
    tests, row = document.comparison.tests, sides(document)[0]
    return [
        f'Smallest difference from the {row} "{document.reference}" that this number of runs would show with '
        f"{POWER:.0%} power or more after Holm's correction, in points: {'; '.join(lines)}. It is found at the level "
        f"of the correction's first step, {percent_level(document)} / {tests} test{'s' if tests > 1 else ''} = "
        f"{document.level / tests:.2g}"
        f"{', below those of later steps' if tests > 1 else ''}, and holds for runs that vary as these do."
    ]


def _is_drawn(document: TableDocument) -> bool:
    """Whether differences are drawn: one has an interval, and columns are few and no stages along one axis."""
    if document.marks == "race" or len(document.columns) > MOST or (document.figure and document.figure.along):
        return False
    return any(math.isfinite(bar.low) for bar in _bars(document).values())


def draw_forest(document: TableDocument) -> Drawing | None:
    """The figure of differences from the reference row: a panel per column, a line with an interval per row.

    Each interval is that of Welch's test of the row against the reference row, by itself: the corrected tests that the
    table marks are stricter.

    Returns:
        None if no difference has an interval, if the table has many columns or is one of stages that follow each
        other, or if a race has decided, whose picture has bounds that hold at every look.
    """
    if not _is_drawn(document):
        return None
    bars = _bars(document)
    columns = [column for column, _ in document.columns if any(cell_key[1] == column for cell_key in bars)]
    from matplotlib.figure import Figure as Drawing

    rows = [row for row, _ in document.rows if any(cell_key[0] == row for cell_key in bars)]
    colors = {row: look.color for row, look in looks(document).items()}
    names, metrics = [wrapped(row, NAMES, 8) for row in rows], dict(document.columns)
    titles = [wrapped(f"{column} ({metrics[column]})", PANEL + 0.6, 9) for column in columns]
    widest = min(PER_LINE, len(columns))
    lines = -(-len(columns) // widest)
    tall = (0.8 + height_of(titles, 9) + max(0.28, height_of(names, 8) + 0.06) * len(rows)) * lines + 0.9
    width = max(6.5, 0.2 + NAMES + (PANEL + NUMBERS) * widest)
    drawing = Drawing(figsize=(width, tall), layout="constrained")
    for number, column in enumerate(columns):
        axes = drawing.add_subplot(lines, widest, number + 1)
        frame(axes, len(rows), edges([bar for (_, of), bar in bars.items() if of == column]))
        axes.set_yticks([-place for place in range(len(rows))], [""] * len(rows) if number % widest else names)
        axes.set_title(titles[number], fontsize=9)
        axes.set_xlabel("points", fontsize=8)
        for place, row in enumerate(rows):
            if (bar := bars.get((row, column))) is None:
                write_beside(axes, "-", -place, "0.5")
                continue
            draw_bar(axes, bar, -place, colors[row])
            write_beside(axes, f"{bar} {document.symbol((row, column))}".rstrip(), -place)
    told = f"{CONFIDENCE:.0%} intervals of Welch's test, each by itself"
    entitle(drawing, document, f"{document.title}: differences from {document.reference}; {told}")
    return drawing


def _bars(document: TableDocument) -> dict[tuple[str, str], Bar]:
    """The differences in points, by row and column label; bounds are infinite for a single run or without spread."""
    found = {}
    for (row, column), cell in document.cells.items():
        base = document.cells[document.reference, column].values
        if row == document.reference or not cell.values or not base:
            continue
        of = contrast([cell.values, base], (1, -1))
        low, high = of.interval or (-math.inf, math.inf)
        found[row, column] = Bar(100 * low, 100 * of.estimate, 100 * high)
    return found


def _data(document: TableDocument) -> DataRows:
    """The differences with their intervals, a line each."""
    lines = [[*cell_key, document.reference, *bar.numbers()] for cell_key, bar in _bars(document).items()]
    return [("row", "column", "minus", "points", "low", "high"), *lines]
