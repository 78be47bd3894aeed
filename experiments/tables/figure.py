"""How a table is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A panel per column, a line per row; and, if asked for, a diagram of ranks over the columns.

    Attributes:
        families: of rows, which share a color: row label and family.
        groups: of columns that are drawn side by side: name and column labels; empty: all in one.
        interaction: two rows; whether the second's advantage over the first differs between the first two groups is
            tested and said.
        ranks: whether mean ranks over the columns are compared and drawn.
        along: whether each group's columns follow each other on one axis, as the stages of a network do.
    """

    families: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    interaction: tuple[str, str] | None = None
    ranks: bool = False
    along: bool = False
