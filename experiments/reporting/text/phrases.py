"""The words that every format shares: numbers as texts, and lists of names."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.statistics import summary
from experiments.tables.document import Cell, TableDocument

MOST_NAMED = 3
"""The largest number of names in a sentence; further ones are only counted."""


def listed(names: Sequence[str]) -> str:
    """A list of names in words, as in ``A``, ``A and B``, ``A, B and C`` or ``A, B, C and 3 more``."""
    rest = len(names) - MOST_NAMED
    parts = [*names[:MOST_NAMED], *([f"{rest} more"] if rest > 0 else [])]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def mean_std(cell: Cell, factor: float = 100) -> str:
    """The mean and standard deviation of a cell, as in ``71.23 ± 0.45``.

    A single score has no standard deviation, and a cell without scores is a dash.

    Args:
        cell: the cell, whose numbers are shown.
        factor: what they are multiplied by: 100 shows scores in percent.
    """
    if not cell.values:
        return "-"
    summarized = summary(cell.values)
    std = "" if summarized.std is None else f" ± {factor * summarized.std:.2f}"
    return f"{factor * summarized.mean:.2f}{std}"


def p_text(p: float | None) -> str:
    """A p-value with two significant digits, which is never shown as 0; a dash for None."""
    if p is None:
        return "-"
    return "<1e-4" if p < 1e-4 else f"{p:.2g}"


def p_stated(p: float | None, name: str = "p") -> str:
    """A p-value with its name, as in ``p = 0.031`` or ``p < 1e-4``."""
    text = p_text(p)
    return f"{name} < {text[1:]}" if text.startswith("<") else f"{name} = {text}"


PHANTOM_WARNING = "Synthetic (phantom) data: this shows the instrument, not the papers' findings."


def percent_level(document: TableDocument) -> str:
    """The level of a table's tests in percent, as in ``5%``."""
    return f"{100 * document.level:g}%"
