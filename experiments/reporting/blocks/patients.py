"""How the means of a table's cells would vary with other test patients, for whoever asks about new patients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.patients import FEWEST_RESAMPLES, TooFewPatientsError, over_patients
from datamodules.dataset.counts import rarer
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind, nothing_to_tell
from experiments.reporting.blocks.counts import counted_columns
from experiments.tables.document import CellKey, TableDocument


@dataclass(frozen=True)
class SamePatients:
    """The patients of one test set, and how the means of the cells that were tested on them vary with them.

    Attributes:
        cells: the row and column label of each cell; columns that train on parts of one dataset share their test set.
        covariance: the covariance of the cells' means over test patients, of scores in [0, 1], in the cells' order.
        freedom: the degrees of freedom of the covariance: the number of patients of the rarer class, less one.
    """

    cells: tuple[CellKey, ...]
    covariance: tuple[tuple[float, ...], ...]
    freedom: float

    def variance(self, weights: Mapping[CellKey, float]) -> float:
        """The variance over test patients of a weighted sum of means; cells of other test sets count for nothing.

        Args:
            weights: the weight of each cell in the sum.
        """
        own = np.array([weights.get(cell, 0.0) for cell in self.cells])
        return max(float(own @ np.array(self.covariance) @ own), 0.0)


@dataclass(frozen=True)
class PatientsDrawnAnew:
    """The test sets of a table.

    Attributes:
        sets: the test sets of which something is known.
        refused: why nothing is said of new patients, by the label of the column.
    """

    sets: tuple[SamePatients, ...]
    refused: dict[str, str]


def patients() -> Kind:
    """The kind of a table's test patients, gathered where scores are resampled; the ledger of claims reads it."""
    return Kind(order=91, tell=nothing_to_tell, part=PatientsDrawnAnew, gather=_gather, check=_check)


def patients_of(document: TableDocument) -> PatientsDrawnAnew | None:
    """The test sets of a finished table; None if its scores were not resampled."""
    return document.part(PatientsDrawnAnew)


def _gather(gathering: Gathering) -> PatientsDrawnAnew | None:
    """The covariance of the cells' means over the resamples of their test patients, for each test set."""
    if not gathering.resampled:
        return None
    counts, first = counted_columns(gathering), gathering.first_runs()
    alike: dict[tuple[str, str], dict[CellKey, list[Sequence[float | None]]]] = {}
    rarer_ones: dict[tuple[str, str], list[int]] = {}
    for cell_key in gathering.cells:
        column, records = gathering.columns[cell_key[1]], gathering.records_of(cell_key)
        if column.measure is None and records and column.label in counts:
            identity = gathering.resolver.index(first[column.label].spec).identity()
            of_set = identity["test"], identity["content"]
            drawn = gathering.resampled[column.score]
            alike.setdefault(of_set, {})[cell_key] = [drawn[record.data["key"]] for record in records]
            rarer_ones.setdefault(of_set, []).append(rarer(counts[column.label]))
    sets, refused = [], dict[str, str]()
    for of_set, cells in alike.items():
        runs = [np.array([[math.nan if one is None else one for one in run] for run in of]) for of in cells.values()]
        if runs[0].shape[1] < FEWEST_RESAMPLES:
            why = f"{runs[0].shape[1]} resamples are too few; {FEWEST_RESAMPLES} or more are needed"
            refused |= {column: why for _, column in cells}
            continue
        try:
            found = over_patients(runs, min(rarer_ones[of_set]))
        except TooFewPatientsError as error:
            refused |= {column: str(error) for _, column in cells}
            continue
        covariance = tuple(tuple(float(value) for value in line) for line in found.covariance)
        sets.append(SamePatients(tuple(cells), covariance, float(found.freedom)))
    return PatientsDrawnAnew(tuple(sets), refused) if alike else None


def _check(document: TableDocument) -> None:
    part = patients_of(document)
    for of in part.sets if part else ():
        if unknown := [" on ".join(cell) for cell in of.cells if cell not in document.cells]:
            raise ValueError(f"test patients of {unknown[0]}, which is no cell of the table")
        if {len(of.cells)} != {len(of.covariance), *map(len, of.covariance)}:
            raise ValueError("expected a covariance of each pair of cells of a test set; found another number")
        if len(set(of.cells)) < len(of.cells):
            raise ValueError("expected each cell of a test set once; found one twice")
        variances = [of.covariance[place][place] for place in range(len(of.cells))]
        if not all(map(math.isfinite, (value for line in of.covariance for value in line))) or min(variances) < 0:
            raise ValueError("expected covariances that are numbers, and variances of 0 or more; found others")
        if not of.freedom >= 1:
            raise ValueError(f"expected degrees of freedom of 1 or more, found {of.freedom}")
