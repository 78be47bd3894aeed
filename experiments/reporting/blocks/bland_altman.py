"""Bland-Altman plots of segmentations: how far predicted areas are from true ones, with the limits of agreement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.areas import Agreement, agreement
from experiments.reporting.blocks.building.block import Block, DataRows, Entry, Heading, Line
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.images import spread
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.shown_rows import left_out, panels_of, shown_cells
from experiments.reporting.drawings.grid import draw_grid
from experiments.reporting.drawings.looks import looks
from experiments.run.predictions import Rows, stored_rows
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

MOST_POINTS = 100
"""The largest number of test images that are drawn as points; of more, images at equal distances by their area."""

MOST_PANELS = 8
"""The largest number of panels; of more, those of the reference row and of a best row are drawn."""

DIGITS = 3
"""The decimals of a stored area, in percent of the image: enough for a drawing."""


@dataclass(frozen=True)
class AreasOfCell:
    """The agreement of predicted with true areas on the test images, in percent of an image.

    Attributes:
        row: the label of the row.
        column: the label of the column.
        subject: the name of the class; empty: the task has one.
        biases: the mean difference of each run, predicted minus true.
        spreads: the sample standard deviation of the differences of each run; empty: there is one image.
        predicted: the predicted areas of some images by the first run, in the order of their sizes.
        true: the true areas of these images.
    """

    row: str
    column: str
    subject: str
    biases: tuple[float, ...]
    spreads: tuple[float, ...]
    predicted: tuple[float, ...]
    true: tuple[float, ...]

    def mean(self) -> Agreement:
        """The agreement with the mean bias and the mean standard deviation of the runs."""
        return Agreement(
            float(np.mean(self.biases)), float(np.mean(self.spreads)) if self.spreads else math.nan
        )  # fmt: skip


@dataclass(frozen=True)
class AreasOfRuns:
    """The agreement of areas of segmentation runs.

    Attributes:
        cells: the agreement of each cell that is shown; of several classes, of each class.
    """

    cells: tuple[AreasOfCell, ...]


def bland_altman() -> Kind:
    """The block of Bland-Altman plots, for tables with a segmentation."""
    return Kind(order=25, tell=_tell, part=AreasOfRuns, gather=_gather, endings=("-bland-altman",))


def _gather(gathering: Gathering) -> AreasOfRuns | None:
    cells = []
    for row, column, records in shown_cells(gathering):
        found: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
        for record in records:
            task, rows = stored_rows(record)
            if task.kind == "segmentation":
                for name in task.scored if task.outputs > 1 else ("",):
                    found.setdefault(name, []).append(areas_of(rows, name))
        cells += [_cell(row, column, name, runs) for name, runs in found.items()]
    return AreasOfRuns(tuple(cells)) if cells else None


def areas_of(rows: Rows, name: str = "") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The predicted and the true area of each image (N,), in percent of its labelled pixels, at the size of its file.

    Args:
        rows: the test predictions of a segmentation, which are counts of pixels.
        name: the name of one of several classes; empty: there is one.
    """
    start = f"{name}:native_whole" if name else "native_whole"
    tp, fp, fn, tn = (rows[f"{start}_{count}"].astype(np.float64) for count in ("tp", "fp", "fn", "tn"))
    pixels = np.maximum(tp + fp + fn + tn, 1)
    return 100 * (tp + fp) / pixels, 100 * (tp + fn) / pixels


def _cell(
    row: str, column: str, name: str, runs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> AreasOfCell:
    held = [agreement(predicted, true) for predicted, true in runs]
    predicted, true = runs[0]
    # In the order of their sizes, so that a point's place tells nothing of which image it is.
    order = np.lexsort((predicted, predicted + true))
    chosen = spread(order.tolist(), MOST_POINTS)
    points = (tuple(round(float(of[at]), DIGITS) for at in chosen) for of in (predicted, true))
    spreads = tuple(one.spread for one in held if not math.isnan(one.spread))
    return AreasOfCell(row, column, name, tuple(one.bias for one in held), spreads, *points)


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(AreasOfRuns)
    if part is None:
        return
    drawn = panels_of(document, part.cells, MOST_PANELS)
    yield Block(
        title="Predicted beside true areas (Bland-Altman)",
        corner="initialization",
        header=(Heading("task", wordy=True), Heading("bias"), Heading("limits of agreement"), Heading("runs")),
        lines=tuple(_line(one) for one in part.cells),
        notes=(
            "Areas in percent of an image, at the size of its file, from counts of pixels. Bias: the mean of predicted "
            "minus true area over the test images; limits of agreement: bias ± 1.96 standard deviations of these "
            "differences, between which 95 % of them are expected (Bland and Altman 1986); both are means over the "
            "runs. Points in the drawing are test images by the first run; solid: the bias, dashed: the limits.",
            *left_out(document, {(one.row, one.column) for one in part.cells}),
        ),
        drawing=(lambda: draw_agreement(document, drawn)) if drawn else None,
        data=lambda: data_of(drawn),
        ending="-bland-altman",
        detail=True,
    )


def _line(one: AreasOfCell) -> Line:
    mean = one.mean()
    limits = "-" if math.isnan(mean.spread) else f"{mean.low:+.2f} to {mean.high:+.2f}"
    return Line(
        one.row,
        (Entry(_named(one)), Entry(f"{mean.bias:+.2f}", mean.bias), Entry(limits), Entry(f"{len(one.biases)}")),
        one.row,
    )


def _named(one: AreasOfCell) -> str:
    return f"{one.column}, {one.subject}" if one.subject else one.column


def draw_agreement(document: TableDocument, cells: Sequence[AreasOfCell]) -> Drawing:
    """The figure of Bland-Altman plots, with a panel for each cell.

    Args:
        document: the finished table.
        cells: the cells that are drawn.
    """
    shown = looks(document)

    def paint(axes: Axes, number: int) -> None:
        one = cells[number]
        predicted, true, look, mean = np.array(one.predicted), np.array(one.true), shown[one.row], one.mean()
        axes.axhline(0, color="0.85", linewidth=0.8)
        axes.scatter((predicted + true) / 2, predicted - true, s=9, alpha=0.6, color=look.color, marker=look.marker,
                     linewidths=0)  # fmt: skip
        axes.axhline(mean.bias, color=look.color, linewidth=1.2)
        for limit in (mean.low, mean.high):
            if not math.isnan(limit):
                axes.axhline(limit, color=look.color, linewidth=1.0, linestyle="--")
        axes.set_xlabel("mean of both areas, %", fontsize=8)
        axes.set_ylabel("predicted minus true, %", fontsize=8)

    titles = [f"{one.row}: {_named(one)}" for one in cells]
    return draw_grid(document, "predicted beside true areas", titles, paint)


def data_of(cells: Sequence[AreasOfCell]) -> DataRows:
    """The points, the bias and the limits of the cells, a line for each point."""
    lines = [
        [one.row, one.column, one.subject, true, predicted, *_limits(one.mean())]
        for one in cells
        for true, predicted in zip(one.true, one.predicted, strict=True)
    ]
    return [("row", "column", "class", "true_percent", "predicted_percent", "bias", "low", "high"), *lines]


def _limits(mean: Agreement) -> list[float | None]:
    return [mean.bias, *(None if math.isnan(limit) else limit for limit in (mean.low, mean.high))]
