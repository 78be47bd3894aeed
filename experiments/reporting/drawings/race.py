"""A race drawn: how far each row is ahead of the leader, with bounds, against the margin, for both readers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.reporting.decided import Ahead, Decided, Reading
from experiments.reporting.drawings.intervals import Bar, draw_bar, edges, frame, write_beside
from experiments.reporting.drawings.labels import height_of, wrapped
from experiments.reporting.drawings.looks import looks
from experiments.reporting.drawings.panels import entitle
from experiments.reporting.text.claims import called, either, points
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

TITLES = {"these images": "These images", "new patients": "New patients"}
NAMES, PANEL, NUMBERS = 2.0, 2.3, 1.4
"""Widths in inches: of the rows' names at most, of a reader's panel, and of the numbers at its right."""

GRAY = "0.62"
"""The color of rows that were put to rest."""


def draw_race(document: TableDocument, decided: Decided) -> Drawing | None:
    """The figure of a race, with a panel per reader; None if no scores were looked at.

    Args:
        document: the finished table.
        decided: the outcome of the table's race.
    """
    if all(reading.leader is None for reading in decided.readings):
        return None
    from matplotlib.figure import Figure as Drawing

    rows = in_order(decided)
    rested = {one.row: one.rested for one in decided.order}
    labels = [_label(row, rested[row], decided) for row in rows]
    colors = {row: look.color for row, look in looks(document).items()}
    panels = len(decided.readings)
    width = 0.2 + NAMES + (PANEL + NUMBERS) * panels
    drawing = Drawing(figsize=(width, 1.7 + max(0.3, height_of(labels, 8) + 0.06) * len(rows)), layout="constrained")
    margin = 100 * decided.analysis.margin
    bars = [bar_of(of) for reading in decided.readings for of in reading.ahead.values()]
    ends = edges(bars, (-1.5 * margin, 0.0, 1.5 * margin))
    for number, reading in enumerate(decided.readings):
        axes = drawing.add_subplot(1, panels, number + 1)
        axes.set_title(wrapped(_title(reading), PANEL + 0.6, 9), fontsize=9)
        frame(axes, len(rows), ends)
        axes.axvline(margin, color="0.25", linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
        axes.set_xlabel(_below(reading, decided), fontsize=8)
        axes.set_yticks([-place for place in range(len(rows))], [""] * len(rows) if number else labels)
        for place, row in enumerate(rows):
            gray = rested[row] is not None and row not in reading.start and row != reading.leader
            if number == 0 and gray:
                axes.get_yticklabels()[place].set_color("0.45")
            _row(axes, reading, row, -place, GRAY if gray else colors[row])
        if reading.leader is None:
            why = reading.refused or "nothing was looked at"
            axes.text(0.5, 0.5, wrapped(f"Nothing is concluded: {why}.", PANEL - 0.4, 8), transform=axes.transAxes,
                      ha="center", va="center", fontsize=8, color="0.3")  # fmt: skip
    bounds = "Of a reader, all bounds hold at once and at every look"
    entitle(drawing, document, f"{document.title}: how far each is ahead of the leader. {bounds}.")
    return drawing


def in_order(decided: Decided) -> list[str]:
    """The rows in the order of the drawing: the leader, then those that are least behind it.

    Rows that were not looked at come last, in the order of the tuning.
    """
    reading = next((one for one in decided.readings if one.leader is not None), None)
    rows = [one.row for one in decided.order]
    if reading is None:
        return rows
    ahead = {row: of.estimate for row, of in reading.ahead.items()} | {str(reading.leader): float("inf")}
    return sorted(rows, key=lambda row: -ahead.get(row, -float("inf")))


def _title(reading: Reading) -> str:
    """The title of a panel: the reader, and what to start from."""
    title = TITLES[reading.reader]
    if reading.leader is None:
        return title
    return f"{title}: " + (f"start from {either(reading.start)}" if reading.start else "undecided")


def _below(reading: Reading, decided: Decided) -> str:
    """The text below a panel, which says what its axis shows."""
    ahead = f"points ahead of {called(reading.leader)}" if reading.leader else "points ahead"
    return wrapped(f"{ahead}; dashed: the margin, {points(decided.analysis.margin)}", PANEL + 0.6, 8)


def _label(row: str, rested: int | None, decided: Decided) -> str:
    """A row's name, and below it that it leads, or at how many runs it rested."""
    leads = [reading for reading in decided.readings if reading.leader == row]
    told = f"rested at {rested} runs" if rested is not None and not leads else ""
    if leads:
        runs = len(decided.contender(row).scores)
        apart = (
            f" for {leads[0].reader}" if len(leads) < sum(one.leader is not None for one in decided.readings) else ""
        )
        told = f"leads{apart}, {runs} runs"
    return wrapped(row, NAMES, 8) + (f"\n{told}" if told else "")


def _row(axes: Axes, reading: Reading, row: str, height: float, color: str) -> None:
    """Draw a row's difference from the leader with its bounds, and write the numbers at the right."""
    shade = "0.45" if color == GRAY else "0.15"
    if row == reading.leader:
        axes.plot(0, height, marker="D", markersize=6, color=color, linestyle="")
        write_beside(axes, "leads", height, shade)
    elif (of := reading.ahead.get(row)) is not None:
        draw_bar(axes, bar_of(of), height, color)
        write_beside(axes, str(bar_of(of)), height, shade)
    elif reading.leader is not None:
        write_beside(axes, "not looked at", height, shade)


def bar_of(of: Ahead) -> Bar:
    """A difference as a bar in points, where bounds that are missing become infinite."""
    low, high = (-math.inf if of.low is None else of.low), (math.inf if of.high is None else of.high)
    return Bar(100 * low, 100 * of.estimate, 100 * high)
