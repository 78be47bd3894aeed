"""Distances between the surfaces of predicted and true masks of segmentations, told where MONAI is installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.measures.measuring.measure import measure_of
from experiments.measures.measuring.surfaces import monai_is_installed
from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import cells_by_number, class_blocks, titled_lines
from experiments.run.store import BEST
from experiments.tables.document import Cell, CellKey, TableDocument

MEASURE = "surface_distance"

DISTANCES = {
    "hd95_mm": "HD95 of volumes in mm",
    "assd_mm": "ASSD of volumes in mm",
    "hd95_pixels": "HD95 of images in pixels",
    "assd_pixels": "ASSD of images in pixels",
}
"""The titles of the measure's distances."""

COUNTS = {
    "measured": "measured",
    "missed": "missed",
    "false_alarms": "false alarms",
    "absent": "in neither mask",
    "uneven": "slices at unequal steps",
}
"""The titles of the measure's counts."""

OF_CLASSES = {**DISTANCES, "missed": "missed volumes or images", "false_alarms": "false alarms"}
"""The titles of the numbers that are shown for each class of a task with several."""

ALWAYS = ("measured", "missed", "false_alarms")
"""The counts that are shown even if all are 0."""


@dataclass(frozen=True)
class SurfaceDistances:
    """Distances between surfaces of masks, and how often there was none.

    Attributes:
        by_number: the numbers of the runs of each cell, by the name of the number, which ends in ``:CLASS`` where it is
            of one class of several, and then by row and column label. Distances are in mm or pixels, as the name says.
        weightless: the number of segmentation runs whose weights are gone, so that their masks cannot be made anew.
    """

    by_number: dict[str, dict[CellKey, Cell]]
    weightless: int


def surface_distance() -> Kind:
    """The block of surface distances, for every table with a segmentation."""
    return Kind(order=55, tell=_tell, part=SurfaceDistances, gather=_gather)


def _gather(gathering: Gathering) -> SurfaceDistances | None:
    if not monai_is_installed():
        return None
    _, measure, _ = measure_of(MEASURE)
    wanted = dict.fromkeys((*DISTANCES, *COUNTS))
    for run in gathering.first_runs().values():
        names = (name for name in measure.numbers(run.spec) if ":" in name and name.partition(":")[0] in OF_CLASSES)
        wanted |= dict.fromkeys(names)
    segmentations = {
        record.data["key"]: record
        for cell_key, runs in gathering.cells.items()
        if runs and gathering.columns[cell_key[1]].measure is None and measure.numbers(runs[0].spec)
        for record in gathering.records_of(cell_key)
    }
    whole = {key: record for key, record in segmentations.items() if (record.folder / BEST).is_file()}
    if whole:  # it takes a test of each network, and progress is told
        gathering.measured(MEASURE, whole.values(), gathering.told(f"{measure.progress}, runs"))
    found = cells_by_number(dataclasses.replace(gathering, records=whole), MEASURE, wanted)
    weightless = len(segmentations) - len(whole)
    return SurfaceDistances(found, weightless) if found or weightless else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(SurfaceDistances)
    if part is None:
        return
    counts = {
        name: title
        for name, title in COUNTS.items()
        if name in ALWAYS or any(any(cell.values) for cell in part.by_number.get(name, {}).values())
    }
    header, lines = titled_lines(document, part.by_number, DISTANCES | counts, factor=1)
    gone = f"The weights of {part.weightless} runs are gone, and without them masks cannot be made anew."
    yield Block(
        title="Distances between surfaces of masks",
        corner="initialization",
        header=header,
        lines=lines,
        notes=(
            "HD95 is the 95th percentile of the distances from the surface of the predicted mask to that of the true "
            "one or the other way, whichever is larger, and ASSD the mean over the points of both surfaces (MONAI); of "
            "volumes, as far as their slices are tested, in mm, of images in pixels of their files. Means over volumes "
            "or images and then over classes, with standard deviations over seeds and, where there is room, the 95 % "
            "interval over test patients.",
            "Where a mask is empty there is no distance. Such volumes or images are in no mean and are counted, over "
            "all classes: missed (the truth shows the class, the prediction does not), false alarms (the other way "
            "round), in neither mask. Distances alone flatter a network that misses the difficult ones.",
            *((gone,) if part.weightless else ()),
        ),
        folded=True,
        detail=True,
    )
    yield from class_blocks(document, part.by_number, OF_CLASSES, factor=1)
