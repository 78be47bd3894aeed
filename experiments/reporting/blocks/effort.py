"""How long the runs of each row took: epochs until they converged, seconds, and hours on a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.layout import capital, sides
from experiments.run.record_views import epochs_to_converge, validation_scores
from experiments.run.store import Record
from experiments.tables.document import CellKey, TableDocument

TITLES = ("epochs to 95% of the best validation score", "seconds a run")
GPU_HOURS = "GPU-hours of all runs"
COLUMNS = ("epochs_to_95_percent", "seconds", "gpu_hours")


@dataclass(frozen=True)
class CellEffort:
    """The epochs and the time that the runs of a cell took.

    Attributes:
        epochs: how many epochs it took each run until its validation score first reached 95 % of its best one.
        seconds: how many seconds each whole run took.
        gpu_hours: how many hours the cell's runs on a GPU took together.
    """

    epochs: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    gpu_hours: float = 0.0


@dataclass(frozen=True)
class RunEfforts:
    """The epochs and the time that the runs of each cell took.

    Attributes:
        cells: the effort of each cell, by row and column label.
    """

    cells: dict[CellKey, CellEffort]


def effort() -> Kind:
    """The block of epochs and times, for every table with finished runs."""
    return Kind(order=24, tell=_tell, part=RunEfforts, gather=_gather, columns=COLUMNS)


def _gather(gathering: Gathering) -> RunEfforts:
    return RunEfforts({cell_key: _of(gathering.records_of(cell_key)) for cell_key in gathering.cells})


def _of(records: Sequence[Record]) -> CellEffort:
    converged = [epochs_to_converge(validation_scores(record)) for record in records]
    on_gpu = (record for record in records if not record.data["environment"]["device"].startswith("cpu"))
    return CellEffort(
        tuple(float(epochs) for epochs in converged if epochs is not None),
        tuple(record.data["seconds"] for record in records),
        sum(record.data["seconds"] for record in on_gpu) / 3600,
    )


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(RunEfforts)
    if part is None:
        return
    columns = compared(document, part.cells)
    hours = any(cell.gpu_hours for cell in part.cells.values())
    lines = []
    for row, _ in document.rows if columns else ():
        cells = [part.cells[row, column] for column in columns]
        epochs, seconds = (
            float(np.mean([np.mean(values) for values in all_of]))
            for all_of in ([cell.epochs for cell in cells], [cell.seconds for cell in cells])
        )
        entries = [Entry(f"{epochs:.1f}", epochs), Entry(f"{seconds:.1f}", seconds)]
        if hours:
            spent = sum(cell.gpu_hours for cell in cells)
            entries.append(Entry(f"{spent:.2f}", spent))
        lines.append(Line(row, tuple(entries), row))
    titles = (*TITLES, GPU_HOURS) if hours else TITLES
    heading = _heading(document, columns) if columns else ""
    title = capital(heading)
    note = f"{title}: epochs until the validation score first reached 95% of its best one, and seconds of a whole run."
    yield Block(
        title=title, corner=heading, header=tuple(map(Heading, titles)) if lines else (),
        lines=tuple(lines), notes=(note,) if lines else (), beside=not document.transposed, long=_long(part.cells),
    )  # fmt: skip


def compared(document: TableDocument, cells: Mapping[CellKey, CellEffort]) -> list[str]:
    """The labels of the columns in which all rows have runs, since rows can be compared in those alone."""
    return [
        column
        for column, _ in document.columns
        if all(cells.get((row, column), CellEffort()).epochs for row, _ in document.rows)
    ]


def _heading(document: TableDocument, columns: Sequence[str]) -> str:
    """The heading of the block, which says whether the numbers are of one task or a mean over several."""
    count, every, (_, column) = len(columns), len(document.columns), sides(document)
    if count == 1:
        return "effort" if every == 1 else f"effort on {columns[0]}"
    return f"effort, mean over {count if count == every else f'{count} of {every}'} {column}s"


def _long(cells: Mapping[CellKey, CellEffort]) -> dict[str, dict[CellKey, Value]]:
    """The values of the CSV columns: mean epochs, mean seconds and GPU-hours of each cell."""
    done = {cell_key: cell for cell_key, cell in cells.items() if cell.seconds}
    epochs: dict[CellKey, Value] = {cell_key: _mean(cell.epochs) for cell_key, cell in done.items() if cell.epochs}
    seconds: dict[CellKey, Value] = {cell_key: _mean(cell.seconds) for cell_key, cell in done.items()}
    hours: dict[CellKey, Value] = {cell_key: cell.gpu_hours for cell_key, cell in done.items()}
    return dict(zip(COLUMNS, (epochs, seconds, hours), strict=True))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
