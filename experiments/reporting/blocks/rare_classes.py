"""Scores of classifications that finding what is frequent does not flatter, of each cell's runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import cells_by_number, titled_lines
from experiments.tables.document import Cell, CellKey, TableDocument

TITLES = {
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "quadratic_kappa": "quadratic kappa",
}
"""The titles of the numbers of the measure ``rare_classes``."""


@dataclass(frozen=True)
class RareClassScores:
    """The scores of classification runs beside the area under the ROC curve.

    Attributes:
        by_number: the scores of the runs of each cell by the name of the number, and then by row and column label.
    """

    by_number: dict[str, dict[CellKey, Cell]]


def rare_classes() -> Kind:
    """The block of these scores, for every table with a classification task."""
    return Kind(order=53, tell=_tell, part=RareClassScores, gather=_gather)


def _gather(gathering: Gathering) -> RareClassScores | None:
    found = cells_by_number(gathering, "rare_classes", TITLES)
    return RareClassScores(found) if found else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(RareClassScores)
    if part is None:
        return
    header, lines = titled_lines(document, part.by_number, TITLES)
    yield Block(
        title="Scores that frequent classes do not flatter",
        corner="initialization",
        header=header,
        lines=lines,
        notes=(
            "In percent: mean and standard deviation over seeds and, where there is room, the 95 % interval of the "
            "mean over test patients (percentile bootstrap). Average precision: the mean over the scored classes of "
            "the area below precision and recall; a network that knows nothing has the share of positives. Of "
            "exclusive classes, by the likeliest one: balanced accuracy is the mean share of a class's images that are "
            "told as it, F1 a mean over classes, and quadratic kappa the agreement beyond chance of ordered classes "
            "(Cohen 1968).",
        ),
        folded=True,
        detail=True,
    )
