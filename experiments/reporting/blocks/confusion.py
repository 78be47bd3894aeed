"""Confusion matrices of classifications: what images show, beside what a row's networks decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.agreement import confusions
from analysis.operating import STATED
from experiments.measures.operating_points import thresholds_of
from experiments.reporting.blocks.building.block import Block, DataRows, Entry, Heading, Line, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.shown_rows import classified, left_out, panels_of, shown_cells
from experiments.reporting.drawings.grid import draw_grid
from experiments.run.predictions import stored_rows
from experiments.run.store import VALIDATION_PREDICTIONS, Record
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

MOST_PANELS = 12
"""The largest number of matrices in a drawing; of more, those of the reference row and of a best row are drawn."""

MOST_WRITTEN = 10
"""The largest number of classes of a matrix whose numbers are written into its fields."""


@dataclass(frozen=True)
class ConfusionMatrix:
    """The confusion matrix of a cell, the mean over its runs.

    Attributes:
        row: the label of the row.
        column: the label of the column.
        names: the names of what images show and of what is decided, in the same order.
        counts: images by what they show (outer) and by what is decided (inner), the mean over the runs.
        runs: how many runs the means are of.
    """

    row: str
    column: str
    names: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    runs: int


@dataclass(frozen=True)
class ConfusionOfRuns:
    """The confusion matrices of classification runs.

    Attributes:
        matrices: the matrix of each cell; of a task with several independent classes one for each scored class.
    """

    matrices: tuple[ConfusionMatrix, ...]


def confusion() -> Kind:
    """The blocks of confusion matrices, for tables with a classification."""
    return Kind(order=55, tell=_tell, part=ConfusionOfRuns, gather=_gather, endings=("-confusion",))


def _gather(gathering: Gathering) -> ConfusionOfRuns | None:
    matrices = []
    for row, column, records in shown_cells(gathering):
        found: dict[tuple[str, ...], list[NDArray[np.int64]]] = {}
        for record in records:
            for names, counts in confusions_of(record).items():
                found.setdefault(names, []).append(counts)
        for names, of_runs in found.items():
            mean = np.mean(of_runs, axis=0).tolist()
            matrices.append(ConfusionMatrix(row, column, names, tuple(map(tuple, mean)), len(of_runs)))
    return ConfusionOfRuns(tuple(matrices)) if matrices else None


def confusions_of(record: Record) -> dict[tuple[str, ...], NDArray[np.int64]]:
    """The confusion matrices of a run's test predictions, what images show in rows, by the names of rows and columns.

    Exclusive classes have one matrix, by the likeliest class. Others have one for each scored class: not there or there
    beside below or above the threshold that is chosen on the validation split. There is none without that split's
    predictions, which runs of earlier versions lack, and none of segmentations.
    """
    if not classified(record):
        return {}
    task, rows = stored_rows(record)
    targets, probabilities = rows["targets"], rows["probabilities"]
    if task.kind == "multiclass":
        decided = probabilities.argmax(axis=1)
        return {task.classes: confusions(targets.argmax(axis=1), decided, len(task.classes))}
    if not record.has(VALIDATION_PREDICTIONS):
        return {}
    found: dict[tuple[str, ...], NDArray[np.int64]] = {}
    for name, threshold in zip(task.classes, thresholds_of(record), strict=True):
        at = task.classes.index(name)
        known = ~np.isnan(targets[:, at])
        if name in task.scored and known.any() and not np.isnan(threshold):
            truth, decided = targets[known, at].astype(np.int64), probabilities[known, at] > threshold
            found[f"no {name}", name] = confusions(truth, decided.astype(np.int64), 2)
    return found


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(ConfusionOfRuns)
    if part is None:
        return
    drawn = panels_of(document, part.matrices, MOST_PANELS)
    yield Block(
        title="Confusion matrices",
        corner="row",
        header=(Heading("task", wordy=True), Heading("image shows", wordy=True), Heading("decided as", wordy=True),
                Heading("images")),
        lines=tuple(_lines(part.matrices)),
        notes=(
            "Test images by what they show and what is decided, the mean over a row's runs. Of yes and no, a finding "
            f"is decided where its probability is above the smallest threshold with a specificity of {STATED:.0%} or "
            "more on the validation split; of exclusive classes, the likeliest one is decided. In the drawing, a field "
            "is the darker the larger its share of the images that show the same.",
            *left_out(document, {(one.row, one.column) for one in part.matrices}),
        ),
        drawing=(lambda: draw_confusions(document, drawn)) if drawn else None,
        data=lambda: data_of(part.matrices),
        ending="-confusion",
        folded=True,
        detail=True,
    )  # fmt: skip


def _lines(matrices: Sequence[ConfusionMatrix]) -> Iterator[Line]:
    for one in matrices:
        for shown, counts in zip(one.names, one.counts, strict=True):
            for decided, count in zip(one.names, counts, strict=True):
                texts = (Entry(one.column), Entry(shown), Entry(decided), Entry(f"{count:.4g}", count))
                yield Line(one.row, texts, one.row)


def draw_confusions(document: TableDocument, matrices: Sequence[ConfusionMatrix]) -> Drawing:
    """The figure of confusion matrices, with a panel for each.

    Args:
        document: the finished table.
        matrices: the matrices that are drawn.
    """

    def paint(axes: Axes, number: int) -> None:
        one = matrices[number]
        counts = np.array(one.counts)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.3)  # not up to the darkest, so that black numbers stay legible
        places = range(len(one.names))
        axes.set_xticks(places, one.names, rotation=30 if max(map(len, one.names)) > 6 else 0, ha="right")
        axes.set_yticks(places, one.names)
        axes.set_xlabel("decided as", fontsize=8)
        axes.set_ylabel("image shows", fontsize=8)
        if len(one.names) <= MOST_WRITTEN:
            for (up, across), count in np.ndenumerate(counts):
                axes.text(across, up, f"{count:.4g}", ha="center", va="center", fontsize=7, color="0")

    columns = {one.column for one in matrices}
    titles = [f"{one.row}: {one.column}" if len(columns) > 1 else one.row for one in matrices]
    return draw_grid(document, "confusion matrices, the mean over runs", titles, paint)


def data_of(matrices: Sequence[ConfusionMatrix]) -> DataRows:
    """The fields of the matrices, a line each."""
    lines: list[list[Value]] = [
        [one.row, one.column, one.runs, shown, decided, count]
        for one in matrices
        for shown, counts in zip(one.names, one.counts, strict=True)
        for decided, count in zip(one.names, counts, strict=True)
    ]
    return [("row", "column", "runs", "image_shows", "decided_as", "images_mean"), *lines]
