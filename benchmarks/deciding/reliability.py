"""How often comparisons make no false claim, compared with the stated share, in worlds where claims are hardest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.decision import Rules
from benchmarks.decisions import Cell, compared, grid

STATED = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""The stated shares of comparisons without a false claim, which are 1 less the level."""

HARD = "one 1.1 ahead"
"""The part of the names of cells where one arm is ahead by slightly more than the margin: most claims can be false."""


def hard_cells() -> list[Cell]:
    """The hard cells of the closed worlds for which the level is promised to hold."""
    return [cell for cell in grid() if isinstance(cell, Cell) and HARD in cell.name and not cell.stress]


def closed(cells: Sequence[Cell], stated: float, comparisons: int) -> dict[str, float]:
    """The share of comparisons without a false claim, with equal numbers of comparisons in all cells."""
    each = -(-comparisons // len(cells))
    rules = Rules(level=1 - stated)
    false = [compared(cell, number, rules)["false"] for cell in cells for number in range(each)]
    return {"held": 1 - float(np.mean(false))}
