"""Blocks whose lines are those of the scores: where a format has room, they stand beside them."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.reporting.blocks.building.block import Block, Entry, Heading

DASH = Entry("-")
"""The entry beside a line for which a block has no numbers."""


def parted(blocks: Sequence[Block]) -> tuple[list[Block], list[Block]]:
    """The blocks whose columns stand beside the scores, and the blocks with a table of their own."""
    with_lines = [block for block in blocks if block.lines]
    return [one for one in with_lines if one.beside], [one for one in with_lines if not one.beside]


def headings_beside(blocks: Sequence[Block]) -> list[Heading]:
    """The headings of all columns beside the scores, in order."""
    return [heading for block in blocks for heading in block.header]


def entries_beside(blocks: Sequence[Block], label: str) -> list[Entry]:
    """The entries beside one line of the scores, for all columns beside them.

    Args:
        blocks: the blocks whose columns stand beside the scores.
        label: the label of the row that the line shows or, in a transposed table, of the column.
    """
    found = []
    for block in blocks:
        of_line = next((line.entries for line in block.lines if line.label == label), None)
        found += [DASH] * len(block.header) if of_line is None else [*of_line]
    return found
