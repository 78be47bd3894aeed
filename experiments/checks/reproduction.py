"""A finished table beside the numbers that a paper printed, or beside another finished table, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from analysis.reproduction import Reported, Reproduction, auroc_error, reproduction
from experiments.reporting.blocks.counts import counts_of
from experiments.reporting.page.published import PrintedNumbers, on_other_images
from experiments.tables.document import CellKey, TableDocument
from specs.errors import UsageError

LEVEL = 0.05
"""The accepted probability that a table that is reproduced in truth has any cell that is called not reproduced."""

POINTS = 100.0


@dataclass(frozen=True)
class ReproducedTable:
    """The cells of a table beside those of a reference.

    Attributes:
        cells: the comparison of each cell that both have, by row and column label.
        lacking: the cells of the reference that the table has no scores for.
    """

    cells: dict[CellKey, Reproduction]
    lacking: tuple[CellKey, ...]

    @property
    def failed(self) -> tuple[CellKey, ...]:
        """The cells that nothing explains."""
        return tuple(key for key, one in self.cells.items() if one.verdict == "not")

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain data."""
        return {
            "reproduced": not self.failed,
            "cells": [
                {
                    "row": row, "column": column, "difference": one.difference, "by_runs": one.by_runs,
                    "by_test_set": one.by_test_set, "verdict": one.verdict,
                }
                for (row, column), one in self.cells.items()
            ],
            "lacking": [{"row": row, "column": column} for row, column in self.lacking],
        }  # fmt: skip


def printed_reference(document: TableDocument, numbers: PrintedNumbers) -> dict[CellKey, Reported]:
    """The numbers that a paper printed of a table, with standard deviations of ddof 1 where their ddof is known."""

    def sample(std: float | None) -> float | None:
        if std is None or numbers.ddof != 0 or not numbers.runs or numbers.runs < 2:
            return std
        return std * math.sqrt(numbers.runs / (numbers.runs - 1))

    elsewhere = on_other_images(document, numbers)
    return {
        key: Reported(one.mean, sample(one.std), numbers.runs, key[1] in elsewhere)
        for key, one in numbers.values.items()
    }


def table_reference(document: TableDocument) -> dict[CellKey, Reported]:
    """The means of another finished table's test scores."""
    return {
        key: Reported(
            POINTS * mean(cell.values), POINTS * stdev(cell.values) if len(cell.values) > 1 else None, len(cell.values)
        )
        for key, cell in document.cells.items()
        if cell.values and key[1] not in document.measured
    }


def reproduced(document: TableDocument, reference: Mapping[CellKey, Reported], tolerance: float) -> ReproducedTable:
    """Compare a finished table with a reference, at a level that holds over all cells together (Bonferroni).

    Args:
        document: the finished table.
        reference: the reported means by row and column label, in points.
        tolerance: a difference in points that does not matter.

    Raises:
        UsageError: if the two have no cell in common.
    """
    common = [key for key in reference if key in document.cells and document.cells[key].values]
    if not common:
        raise UsageError(
            f'the table "{document.title}" and the reference have no cell in common: rows {_names(document.cells, 0)} '
            f"and columns {_names(document.cells, 1)}, beside {_names(reference, 0)} and {_names(reference, 1)}. Name "
            "a reference of this table."
        )
    found = {
        key: reproduction(
            [POINTS * value for value in document.cells[key].values],
            reference[key],
            _test_error(document, key),
            LEVEL / len(common),
            tolerance,
        )
        for key in common
    }
    return ReproducedTable(found, tuple(key for key in reference if key not in found))


def _names(cells: Mapping[CellKey, object], part: int) -> str:
    return ", ".join(dict.fromkeys(key[part] for key in cells))


def _test_error(document: TableDocument, key: CellKey) -> float | None:
    """The standard error of a cell's mean by its test cases, in points; None where nothing in the table tells it.

    A bootstrap interval tells it; else of areas under the curve the numbers of cases do. The error of a mean over
    classes is the mean of theirs, which is what it would be if they went together: an upper bound.
    """
    cell = document.cells[key]
    if cell.interval is not None:
        low, high = cell.interval
        return POINTS * (high - low) / (2 * 1.96)
    counted, score = counts_of(document).get(key[1]), dict(document.columns)[key[1]]
    if counted is None or counted.kind == "segmentation" or not score.startswith("auroc"):
        return None
    classes = [one for one in counted.splits["test"].classes if one.name in counted.scored]
    sizes = [(one.positives.images, one.negatives.images) for one in classes]
    if not sizes or not all(min(pair) for pair in sizes):
        return None
    return POINTS * mean(auroc_error(mean(cell.values), *pair) for pair in sizes)
