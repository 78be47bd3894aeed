"""How well the probabilities of classifications are calibrated: the expected calibration error of each cell's runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.calibration import BINS
from experiments.reporting.blocks.building.block import Block, Heading, Value
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import columns_of, measured_cells, measured_lines
from experiments.tables.document import Cell, CellKey, TableDocument

COLUMN = "calibration_error"


@dataclass(frozen=True)
class CalibrationErrors:
    """The calibration errors of classification runs.

    Attributes:
        cells: the errors of the runs of each cell, in [0, 1], by row and column label. Cells of segmentation tasks and
            of columns that show a measure are left out.
    """

    cells: dict[CellKey, Cell]


def calibration() -> Kind:
    """The block of calibration errors, for every table with a classification task."""
    return Kind(order=23, tell=_tell, part=CalibrationErrors, gather=_gather, columns=(COLUMN,))


def _gather(gathering: Gathering) -> CalibrationErrors | None:
    cells = measured_cells(gathering, "calibration:error")
    return CalibrationErrors(cells) if any(cell.values for cell in cells.values()) else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(CalibrationErrors)
    if part is None:
        return
    columns = columns_of(document, part.cells)
    means: dict[CellKey, Value] = {
        cell_key: sum(cell.values) / len(cell.values) for cell_key, cell in part.cells.items() if cell.values
    }
    yield Block(
        title="Calibration",
        corner="calibration error",
        header=tuple(Heading(column, "ECE") for column in columns),
        lines=measured_lines(document, [(column, part.cells) for column in columns]),
        notes=(
            f"Expected calibration error in percent ({BINS} bins of equal width, Naeini et al. 2015; mean over the "
            "classes): how far the probabilities of a class are from how often it is there. Lower is better, and of "
            "few test images it is above 0 even where they are right.",
        ),
        long={COLUMN: means},
    )
