"""How far networks follow the synthetic artifact of a ``shortcut`` dataset, of each cell's runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.blocks.building.measured import cells_by_number, titled_lines
from experiments.tables.document import Cell, CellKey, TableDocument

TITLES = {"pull": "pull, points", "gap": "agree less contradict, points"}
"""The titles of the numbers of the measure ``shortcut_pull``."""


@dataclass(frozen=True)
class PullsOfShortcuts:
    """How far the runs of a table follow an artifact.

    Attributes:
        by_number: the numbers of the runs of each cell by the name of the number, and then by row and column label.
    """

    by_number: dict[str, dict[CellKey, Cell]]


def shortcuts() -> Kind:
    """The block of the pull, for tables with a dataset that an artifact is drawn into."""
    return Kind(order=28, tell=_tell, part=PullsOfShortcuts, gather=_gather)


def _gather(gathering: Gathering) -> PullsOfShortcuts | None:
    found = cells_by_number(gathering, "shortcut_pull", TITLES)
    return PullsOfShortcuts(found) if found else None


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(PullsOfShortcuts)
    if part is None:
        return
    header, lines = titled_lines(document, part.by_number, TITLES)
    yield Block(
        title="What a synthetic artifact does to predictions",
        corner="initialization",
        header=header,
        lines=lines,
        notes=(
            "In points, as mean and standard deviation over seeds and, where there is room, the 95 % interval of the "
            "mean over test patients (percentile bootstrap). The artifact is drawn by this program: it goes with a "
            "label in training and with none in testing. Pull: by how much the predicted probability of that label "
            "rises, on average over the test images, when the artifact is put on: 100 where a network reads nothing "
            "else, 0 where it ignores it. Agree less contradict: the AUROC of the test images whose artifact agrees "
            "with the label, less that of those whose artifact contradicts it: 100 and near 0 likewise.",
        ),
    )
