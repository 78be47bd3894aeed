"""What must be known of single rows and cells: test images that the weights have seen, and how rows were made."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import Kind
from experiments.tables.document import TableDocument


def remarks() -> Kind:
    """The notes on rows and cells, for tables with overlaps or remarks."""
    return Kind(order=48, tell=_tell)


def _tell(document: TableDocument) -> Iterator[Block]:
    overlaps = (
        f"‡ {' on '.join(cell_key)}: the weights have seen images of {', '.join(names)}, which the test set is from, "
        "so the score may be too high."
        for cell_key, names in document.overlaps.items()
    )
    notes = (*overlaps, *(f"{label}: {remark}." for label, remark in document.remarks))
    if notes:
        yield Block(notes=notes)
