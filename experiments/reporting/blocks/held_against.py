"""What the numbers of a table are held against: a floor, a ceiling, or the same networks before training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from experiments.measures.measuring.measure import measure_of
from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.tables.document import TableDocument


@dataclass(frozen=True)
class ReferenceLevels:
    """Reference values that help to judge the numbers of a table.

    Attributes:
        bounds: the scores in [0, 1] after training on random labels and after training on the training and test images
            together, by column label.
        levels: the reference values of measures as means over a column's runs, in [0, 1], by their description and then
            by column label.
    """

    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    levels: dict[str, dict[str, float]] = field(default_factory=dict)


def held_against() -> Kind:
    """The notes with reference values, for tables that have any."""
    return Kind(order=30, tell=_tell, part=ReferenceLevels, gather=_gather)


def _gather(gathering: Gathering) -> ReferenceLevels | None:
    bounds = {column.label: column.bounds for column in gathering.table.columns if column.bounds}
    levels = _levels(gathering)
    return ReferenceLevels(bounds, levels) if bounds or levels else None


def _levels(gathering: Gathering) -> dict[str, dict[str, float]]:
    """The reference values that the measures of columns give in addition to the numbers in the cells."""
    levels: dict[str, dict[str, float]] = {}
    for column in gathering.table.columns:
        if column.measure is None:
            continue
        name, measure, number = measure_of(column.measure)
        records = [
            record
            for cell_key in gathering.cells
            if cell_key[1] == column.label
            for record in gathering.records_of(cell_key)
        ]
        found = gathering.measured(name, records) if measure.levels else {}
        for level, words in measure.levels.items():
            values = [value for of in found.values() if (value := of.get(f"{level}:{number}")) is not None]
            if values:
                levels.setdefault(words, {})[column.label] = float(np.mean(values))
    return levels


def levels_of(document: TableDocument) -> dict[str, dict[str, float]]:
    """The reference values of measures, by their description and then by column label; empty where there are none."""
    part = document.part(ReferenceLevels)
    return part.levels if part else {}


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(ReferenceLevels)
    if part is None:
        return
    notes = []
    if part.bounds:
        limits = ((column, 100 * low, 100 * high) for column, (low, high) in part.bounds.items())
        bounds = "; ".join(f"{column} {low:.0f} and {high:.0f}" for column, low, high in limits)
        notes.append(
            "A floor and a ceiling, for orientation: about what this network reaches after training on random labels, "
            f"and on the training and test images together for three times as long: {bounds}."
        )
    for words, of in part.levels.items():
        notes.append(f"{words}: " + "; ".join(f"{column} {100 * value:.1f}" for column, value in of.items()) + ".")
    yield Block(notes=tuple(notes))
