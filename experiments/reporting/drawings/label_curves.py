"""Learning curves by the number of labels: a panel per dataset, a curve with its band per row, every run a dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.power_law import PowerLaw
from experiments.reporting.drawings.labels import height_of, legend_below, legend_height, wrapped
from experiments.reporting.drawings.looks import Look, looks
from experiments.reporting.drawings.panels import NARROWEST, entitle
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

SIDE_BY_SIDE = 2
"""The largest number of panels side by side."""

PLACES = 60
"""At how many numbers of images a curve is drawn, at equal ratios."""

TICKS = (1, 2, 5)
"""The first digits of the numbers at the axis of images."""


@dataclass(frozen=True)
class Panel:
    """The scores and curves of one dataset.

    Attributes:
        title: the title of the dataset.
        metric: the name of the metric.
        scores: the scores in [0, 1] of the runs at each number of training images, by row.
        curves: the fitted curve of each row that has one.
        whole: the number of images up to which curves are drawn; beyond a row's own they are forecasts, and dotted.
        one_draw: the number of images of which all runs have the same ones, while those of other numbers have not, so
            that they count as a single run; None: there is none.
    """

    title: str
    metric: str
    scores: Mapping[str, Mapping[float, Sequence[float]]]
    curves: Mapping[str, PowerLaw]
    whole: float
    one_draw: float | None = None

    def counted(self, row: str) -> dict[float, Sequence[float]]:
        """The scores of a row as curves are fitted to them: those of one draw of images are one, their mean."""
        return {
            number: [sum(scores) / len(scores)] if number == self.one_draw else scores
            for number, scores in sorted(self.scores[row].items())
        }


def draw_label_curves(document: TableDocument, panels: Sequence[Panel]) -> Drawing:
    """The figure of scores by the number of training images, on a logarithmic axis.

    A dashed line is at the score that the curve of the reference row comes to with all of its images.

    Args:
        document: the finished table.
        panels: the datasets of the table with their scores and curves, one or more.
    """
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    shown = looks(document)
    marks = [
        Line2D([], [], color=look.color, linestyle=look.line, marker=look.marker, markersize=4, label=row)
        for row, look in shown.items()
    ]
    dashes = {"color": "0.4", "linestyle": (0, (6, 4)), "linewidth": 0.8}
    marks.append(Line2D([], [], label=f"{document.reference}, with all images", **dashes))  # type: ignore[arg-type]
    widest = min(SIDE_BY_SIDE, len(panels))
    lines, width = -(-len(panels) // widest), max(NARROWEST, 4.6 * widest)
    titles = [wrapped(f"{panel.title} ({panel.metric})", width / widest - 0.6, 9) for panel in panels]
    legend = legend_height([str(mark.get_label()) for mark in marks], width, 3, 8)
    tall = (3.1 + height_of(titles, 9)) * lines + 0.9 + legend
    drawing = Drawing(figsize=(width, tall), layout="constrained")
    for number, panel in enumerate(panels):
        axes = drawing.add_subplot(lines, widest, number + 1)
        _panel(axes, panel, shown)
        if (curve := panel.curves.get(document.reference)) is not None:
            axes.axhline(100 * float(curve.at([curve.numbers[-1]])[0]), zorder=0, **dashes)  # type: ignore[arg-type]
        axes.set_title(titles[number], fontsize=9)
        if number % widest == 0:
            axes.set_ylabel("test score, %", fontsize=8)
    legend_below(drawing, marks, 3, 8)
    entitle(drawing, document, f"{document.title}: score by the number of training images, with 95% bands")
    return drawing


def _panel(axes: Axes, panel: Panel, shown: Mapping[str, Look]) -> None:
    """Draw the scores and curves of one dataset; the dots of a row stand a little beside those of the others."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    rows = [row for row in shown if panel.scores.get(row)]
    for place, row in enumerate(rows):
        color, marker, style = shown[row]
        beside = 1 + 0.03 * (place - (len(rows) - 1) / 2)
        for number, scores in panel.scores[row].items():
            axes.scatter(
                [beside * number] * len(scores), [100 * score for score in scores], s=8, color=color, marker=marker,
                alpha=0.45, linewidths=0,
            )  # fmt: skip
        if (curve := panel.curves.get(row)) is None:
            continue
        for first, last, line in (
            (curve.numbers[0], curve.numbers[-1], style),
            (curve.numbers[-1], panel.whole, ":"),
        ):
            if last > first:
                numbers = np.geomspace(first, last, PLACES)
                band = curve.band(numbers)
                axes.plot(numbers, 100 * band.estimate, color=color, linestyle=line, linewidth=1.3)
                axes.fill_between(numbers, 100 * band.low, 100 * band.high, color=color, alpha=0.13, linewidth=0)
    drawn = [100 * score for row in rows for scores in panel.scores[row].values() for score in scores]
    bands = [100 * float(of) for curve in panel.curves.values() for of in curve.at([curve.numbers[0], panel.whole])]
    low, high = min([*drawn, *bands]), max([*drawn, *bands])
    axes.set_ylim(low - 0.12 * (high - low) - 0.1, min(high + 0.12 * (high - low) + 0.1, 101))
    axes.set_xscale("log")
    axes.set_xlabel("training images", fontsize=8)
    axes.xaxis.set_major_locator(LogLocator(subs=TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
