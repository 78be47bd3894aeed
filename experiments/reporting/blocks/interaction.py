"""How much more a row gains on another one in one group of columns than in another, for tables that ask for it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.contrast import Contrast, contrast
from experiments.reporting.blocks.building.block import Block
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.text.phrases import p_stated
from experiments.tables.document import TableDocument


def interaction() -> Kind:
    """The note on an interaction, for tables whose figure names two rows and two groups of columns."""
    return Kind(order=43, tell=_tell)


def interaction_of(document: TableDocument) -> Contrast | None:
    """How much more the second row gains on the first in the second group of columns than in the first group.

    It is None if the table does not ask for it, or a group has no column with scores of both rows.
    """
    if document.figure is None or document.figure.interaction is None:
        return None
    before, after = document.figure.interaction
    samples, weights = [], []
    for sign, (_, columns) in zip((-1, 1), document.figure.groups[:2], strict=True):
        complete = [c for c in columns if document.cells[before, c].values and document.cells[after, c].values]
        if not complete:
            return None
        for column in complete:
            samples += [document.cells[before, column].values, document.cells[after, column].values]
            weights += [-sign / len(complete), sign / len(complete)]
    return contrast(samples, weights)


def _tell(document: TableDocument) -> Iterator[Block]:
    found = interaction_of(document)
    if found is None or document.figure is None or document.figure.interaction is None:
        return
    before, after = document.figure.interaction
    (first, _), (second, _) = document.figure.groups[:2]
    yield Block(
        notes=(
            f'The gain of "{after}" over "{before}" is {100 * found.estimate:+.2f} points larger in {second} than in '
            f"{first} (contrast of means, {p_stated(found.p_value)}).",
        )
    )
