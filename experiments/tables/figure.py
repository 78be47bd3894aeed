"""The description of how a table is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """How a table is drawn: a panel per column, a line per row and, if asked for, a diagram of mean ranks.

    Attributes:
        families: pairs of a row's label and the name of its family; rows of a family share a color.
        groups: the groups of columns that are drawn side by side, each with its name and column labels; empty: all
            columns are one group.
        interaction: the labels of two rows, of which it is tested whether the second's advantage over the first differs
            between the first two groups; None: this is not tested.
        ranks: whether the mean ranks of the rows over the columns are compared and drawn.
        along: whether the columns of a group follow each other on one axis, as the stages of a network do.
    """

    families: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    interaction: tuple[str, str] | None = None
    ranks: bool = False
    along: bool = False
