"""Sensitivity at a stated specificity, and specificity at a stated sensitivity, of the runs of tasks of yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.measures.measuring.measure import measure_of
from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import cells_by_number, class_blocks, titled_lines, unmeasured
from experiments.tables.document import Cell, CellKey, TableDocument

MEASURE = "operating_points"

TITLES = {
    "sensitivity_at_specificity": "sensitivity at 90 % specificity",
    "specificity_reached": "specificity reached there",
    "specificity_at_sensitivity": "specificity at 90 % sensitivity",
    "sensitivity_reached": "sensitivity reached there",
}
"""The titles of the measure's numbers."""

OF_CLASSES = ("sensitivity_at_specificity", "specificity_at_sensitivity")
"""The numbers that are shown for each class of a task with several."""


@dataclass(frozen=True)
class PointsOfRuns:
    """Sensitivities and specificities at thresholds that were chosen on the validation split.

    Attributes:
        by_number: the numbers of the runs of each cell in [0, 1], by the name of the number, which ends in ``:CLASS``
            where it is of one class of several, and then by row and column label.
        unmeasured: the number of runs of an earlier version, which kept no validation predictions.
    """

    by_number: dict[str, dict[CellKey, Cell]]
    unmeasured: int


def operating_points() -> Kind:
    """The block of operating points, for every table with a task of yes and no."""
    return Kind(order=54, tell=_tell, part=PointsOfRuns, gather=_gather)


def _gather(gathering: Gathering) -> PointsOfRuns | None:
    _, measure, _ = measure_of(MEASURE)
    several = dict.fromkeys(TITLES)
    for run in gathering.first_runs().values():
        starts = tuple(f"{number}:" for number in OF_CLASSES)
        of_classes = [name for name in measure.numbers(run.spec) if name.startswith(starts)]
        several |= dict.fromkeys(of_classes if len(of_classes) > len(OF_CLASSES) else ())
    kept = cells_by_number(gathering, MEASURE, several)
    without = unmeasured(gathering, MEASURE)
    return PointsOfRuns(kept, without) if kept or without else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(PointsOfRuns)
    if part is None:
        return
    header, lines = titled_lines(document, part.by_number, TITLES)
    earlier = (
        f"{part.unmeasured} runs of an earlier version kept no predictions of the validation split and are not in "
        "these numbers: move their folders away and make the table again."
    )
    yield Block(
        title="Sensitivity and specificity at thresholds of the validation split",
        corner="initialization",
        header=header,
        lines=lines,
        notes=(
            "In percent, of the test split: mean and standard deviation over seeds and, where there is room, the 95 % "
            "interval of the mean over test patients (percentile bootstrap; the thresholds stay). For each class, the "
            "smallest threshold with a specificity of 90 % or more on the validation split, and the largest with such "
            "a sensitivity. What is reached there on the test split differs from 90 % as far as the two splits do. Of "
            "several classes, the mean over the scored ones.",
            *((earlier,) if part.unmeasured else ()),
        ),
        folded=True,
        detail=True,
    )
    yield from class_blocks(document, part.by_number, {number: TITLES[number] for number in OF_CLASSES})
