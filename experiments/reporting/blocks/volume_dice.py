"""The Dice coefficient of whole volumes and of patients, where a network segmented their slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import cells_by_number, titled_lines
from experiments.tables.document import Cell, CellKey, TableDocument

TITLES = {
    "dice": "mean over volumes",
    "dice_native": "mean over volumes, native size",
    "patients_dice": "mean over patients",
    "patients_dice_native": "mean over patients, native size",
}
"""The titles of the numbers of the measure ``volume_dice``."""


@dataclass(frozen=True)
class VolumeScores:
    """The Dice coefficients of volumes and patients.

    Attributes:
        by_number: the scores of the runs of each cell by the name of the number, and then by row and column label.
    """

    by_number: dict[str, dict[CellKey, Cell]]


def volume_dice() -> Kind:
    """The block of these scores, for tables with a segmentation of slices of volumes."""
    return Kind(order=23, tell=_tell, part=VolumeScores, gather=_gather)


def _gather(gathering: Gathering) -> VolumeScores | None:
    found = cells_by_number(gathering, "volume_dice", TITLES)
    return VolumeScores(found) if found else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(VolumeScores)
    if part is None:
        return
    header, lines = titled_lines(document, part.by_number, TITLES)
    yield Block(
        title="Dice of whole volumes",
        corner="initialization",
        header=header,
        lines=lines,
        notes=(
            "In percent. Pixels are counted over all tested slices of a volume, or of a patient, and the Dice "
            "coefficient is taken of their sums: of a volume's own Dice where every slice is tested, at native size "
            "and without resampling voxel by voxel. In a mean over slices, an empty slice without a prediction counts "
            "1.",
        ),
    )
