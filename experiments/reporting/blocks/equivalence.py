"""Which rows are shown to be equivalent to the reference row, for whoever asked with a margin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.equivalence import equivalence as tested
from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.gathering import Gathering
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.layout import sides
from experiments.tables.document import CellKey, TableDocument


@dataclass(frozen=True)
class EquivalenceMargin:
    """The margin that a user named to ask for tests of equivalence.

    Attributes:
        margin: the margin in points within which rows count as equivalent.
    """

    margin: float


def equivalence() -> Kind:
    """The note on equivalent rows, for tables for which a margin was given."""
    return Kind(order=46, tell=_tell, part=EquivalenceMargin, gather=_gather)


def _gather(gathering: Gathering) -> EquivalenceMargin | None:
    return None if gathering.margin is None else EquivalenceMargin(gathering.margin)


def equivalent(document: TableDocument, margin: float) -> tuple[CellKey, ...]:
    """The cells that are shown to be equivalent to the reference row within the margin, by uncorrected tests.

    Args:
        document: the finished table.
        margin: the margin in points, above 0.
    """
    found = []
    for (row, column), cell in document.cells.items():
        base = document.cells[document.reference, column].values
        if row == document.reference or not cell.values or not base:
            continue
        if tested(cell.values, base, margin / 100).equivalent:
            found.append((row, column))
    return tuple(found)


def _tell(document: TableDocument) -> Iterator[Block]:
    part = document.part(EquivalenceMargin)
    if part is None:
        return
    shown = "; ".join(" on ".join(cell_key) for cell_key in equivalent(document, part.margin)) or "none"
    yield Block(
        notes=(
            f'Shown to be equivalent to the {sides(document)[0]} "{document.reference}" within ± {part.margin:g} '
            f"points (two one-sided t-tests, uncorrected): {shown}.",
        )
    )
