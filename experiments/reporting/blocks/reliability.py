"""Reliability diagrams of classifications: how often a class is there, by how probable a row's networks call it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.calibration import BINS
from analysis.calibration import reliability as held_against
from experiments.reporting.blocks.building.block import Block, DataRows, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.shown_rows import classified, left_out, shown_cells
from experiments.reporting.drawings.grid import draw_grid, unit_square
from experiments.reporting.drawings.looks import looks
from experiments.run.predictions import stored_rows
from experiments.run.store import Record
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

HEADER = ("row", "column", "runs", "mean_probability", "share_of_events", "sd", "predictions")


@dataclass(frozen=True)
class RunBins:
    """The predictions of one run in bins of equal width by their probability, all scored classes together.

    Attributes:
        row: the label of the run's row.
        column: the label of the run's column.
        predictions: how many predictions each bin holds.
        probabilities: the sum of the probabilities in each bin.
        events: how many of the predicted events in each bin came.
    """

    row: str
    column: str
    predictions: tuple[float, ...]
    probabilities: tuple[float, ...]
    events: tuple[float, ...]


@dataclass(frozen=True)
class ReliabilityOfRuns:
    """The bins of classification runs.

    Attributes:
        runs: the bins of each run of the cells that are shown.
    """

    runs: tuple[RunBins, ...]


def reliability() -> Kind:
    """The block of reliability diagrams, for tables with a classification."""
    return Kind(order=24, tell=_tell, part=ReliabilityOfRuns, gather=_gather, endings=("-reliability",))


def _gather(gathering: Gathering) -> ReliabilityOfRuns | None:
    runs = tuple(
        bins_of(row, column, record)
        for row, column, records in shown_cells(gathering)
        for record in records
        if classified(record)
    )
    return ReliabilityOfRuns(runs) if runs else None


def bins_of(row: str, column: str, record: Record) -> RunBins:
    """The bins of one run's test predictions, of all scored classes together.

    Args:
        row: the label of the run's row.
        column: the label of the run's column.
        record: the record of a classification run.
    """
    task, rows = stored_rows(record)
    scored = [task.classes.index(name) for name in task.scored]
    held = held_against(rows["probabilities"][:, scored].ravel(), rows["targets"][:, scored].ravel())
    return RunBins(row, column, *(tuple(of.tolist()) for of in held))


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(ReliabilityOfRuns)
    if part is None:
        return
    runs = part.runs
    yield Block(
        title="Reliability diagrams",
        notes=(
            f"Of the stored test predictions, each scored class an event of its own, in the {BINS} bins of the "
            "calibration error: how often the event came, over the mean probability that was given to it. A point is "
            "a bin, the mean over a row's runs with predictions in it, and its line one sample standard deviation over "
            "the runs up and down; the larger it is, the more predictions are in the bin. On the diagonal "
            "probabilities are right; below it, they are too high.",
            *left_out(document, {(run.row, run.column) for run in runs}),
        ),
        drawing=lambda: draw_reliability(document, runs),
        data=lambda: data_of(runs),
        ending="-reliability",
        detail=True,
    )


def draw_reliability(document: TableDocument, runs: Sequence[RunBins]) -> Drawing:
    """The figure of reliability diagrams, with a panel per column and a line per row.

    Args:
        document: the finished table.
        runs: the bins of the runs.
    """
    columns = list(dict.fromkeys(run.column for run in runs))
    shown = looks(document)

    def paint(axes: Axes, number: int) -> None:
        unit_square(axes, "mean probability", "share of events")
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":")
        of_panel = [run for run in runs if run.column == columns[number]]
        for row in dict.fromkeys(run.row for run in of_panel):
            look = shown[row]
            across, up, spread, held = _averaged([run for run in of_panel if run.row == row])
            axes.errorbar(across, up, yerr=spread, color=look.color, linestyle=look.line, linewidth=1.0, elinewidth=0.7)
            sizes = 4 + 60 * held / held.sum()
            axes.scatter(across, up, s=sizes, color=look.color, marker=look.marker, linewidths=0, zorder=3)

    return draw_grid(document, "reliability diagrams", columns, paint, {run.row for run in runs})


def _averaged(runs: Sequence[RunBins]) -> tuple[NDArray[np.float64], ...]:
    """The mean probability, the mean share of events, its spread and the predictions of the bins that hold some.

    The spread is the sample standard deviation over runs with predictions in the bin; 0 for one run.
    """
    predictions, probabilities, events = (
        np.array([getattr(run, name) for run in runs]) for name in ("predictions", "probabilities", "events")
    )
    filled = predictions > 0
    some = filled.any(axis=0)
    across, up = (
        np.ma.masked_array(of / np.maximum(predictions, 1), ~filled)[:, some] for of in (probabilities, events)
    )
    spread = up.std(axis=0, ddof=1) if len(runs) > 1 else np.ma.zeros(some.sum())
    return (
        across.mean(axis=0).filled(np.nan), up.mean(axis=0).filled(np.nan), np.ma.filled(spread, 0.0),
        predictions[:, some].sum(axis=0),
    )  # fmt: skip


def data_of(runs: Sequence[RunBins]) -> DataRows:
    """The bins that hold predictions, a line for each of a cell, as they are drawn."""
    lines: list[list[Value]] = []
    for row, column in dict.fromkeys((run.row, run.column) for run in runs):
        of_cell = [run for run in runs if (run.row, run.column) == (row, column)]
        lines += [[row, column, len(of_cell), *map(float, of_bin)] for of_bin in zip(*_averaged(of_cell), strict=True)]
    return [HEADER, *lines]
