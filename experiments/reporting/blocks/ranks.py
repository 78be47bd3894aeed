"""Mean ranks over the columns, whether they differ, and the diagram of it, for tables that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.ranks import RankComparison, compare_ranks
from experiments.reporting.blocks.building.block import Block, Entry, Heading, Line
from experiments.reporting.blocks.building.kind import Kind
from experiments.reporting.drawings.labels import wrapped
from experiments.reporting.text.layout import sides
from experiments.reporting.text.phrases import PHANTOM_WARNING, p_stated
from experiments.tables.document import TableDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def ranks() -> Kind:
    """The block of mean ranks, for tables with several columns that ask for it."""
    return Kind(order=42, tell=_tell, endings=("-ranks",))


def ranks_of(document: TableDocument) -> RankComparison | None:
    """Mean ranks over the columns of the rows with scores in all of them.

    It is None if the table does not ask for ranks, or there are too few rows or columns.
    """
    if document.figure is None or not document.figure.ranks:
        return None
    labels = [column for column, _ in document.columns]
    means = {
        row: [float(np.mean(document.cells[row, column].values)) for column in labels]
        for row, _ in document.rows
        if all(document.cells[row, column].values for column in labels)
    }
    return compare_ranks(means) if len(means) > 2 and len(labels) > 1 else None


def _tell(document: TableDocument) -> Iterator[Block]:
    found = ranks_of(document)
    if found is None:
        return
    row, column = sides(document)
    note = (
        f"Mean ranks over {found.tasks} {column}s: Friedman's test in Iman and Davenport's form, "
        f"{p_stated(found.p_value)}; two {row}s differ if their mean ranks do by more than "
        f"{found.critical_difference:.2f} (Nemenyi, {found.alpha:.0%})."
    )
    warning = f"\n{PHANTOM_WARNING}" if document.edition == "phantom" else ""
    yield Block(
        title="Mean ranks",
        corner="initialization",
        header=(Heading(f"mean rank over {found.tasks} {column}s"),),
        lines=tuple(Line(label, (Entry(f"{rank:.2f}", rank),), label) for label, rank in found.mean_ranks.items()),
        notes=(note,),
        drawing=lambda: draw_ranks(found, f"{document.title}: mean ranks.{warning}"),
        ending="-ranks",
    )


def draw_ranks(ranks: RankComparison, title: str) -> Drawing:
    """The critical-difference diagram (Demsar 2006): the best rows are left, and a bar joins rows that do not differ.

    Args:
        ranks: the mean ranks of the rows, with their comparison.
        title: the title above the diagram.
    """
    from matplotlib.figure import Figure as Drawing

    rows = list(ranks.mean_ranks.items())
    left, right = rows[: (len(rows) + 1) // 2], rows[(len(rows) + 1) // 2 :][::-1]
    depth = len(left) + len(ranks.groups) * 0.4 + 1.5
    drawing = Drawing(figsize=(7.5, 0.8 + 0.28 * depth), layout="constrained")
    axes = drawing.add_subplot()
    axes.set_xlim(0.4, len(rows) + 0.6)
    axes.set_ylim(-depth, 1.4)
    axes.axis("off")
    axes.set_title(title, fontsize=9)
    axes.plot([1, len(rows)], [0, 0], color="0", linewidth=1)
    for rank in range(1, len(rows) + 1):
        axes.plot([rank, rank], [0, 0.15], color="0", linewidth=1)
        axes.annotate(str(rank), (rank, 0.25), ha="center", va="bottom", fontsize=8)
    length = min(ranks.critical_difference, len(rows) - 1.0)
    axes.plot([1, 1 + length], [1.1, 1.1], color="0.4", linewidth=2)
    axes.annotate(
        f"CD = {ranks.critical_difference:.2f}", (1 + length + 0.1, 1.1), va="center", fontsize=8, color="0.4"
    )
    for number, group in enumerate(ranks.groups):
        height = -0.35 - 0.4 * number
        ends = [ranks.mean_ranks[group[0]] - 0.06, ranks.mean_ranks[group[-1]] + 0.06]
        axes.plot(ends, [height, height], color="0", linewidth=3, solid_capstyle="butt")
    top = -0.9 - 0.4 * len(ranks.groups)
    for side, named in (("right", left), ("left", right)):
        edge = 0.9 if side == "right" else len(rows) + 0.1
        for number, (row, mean) in enumerate(named):
            height = top - number
            axes.plot([mean, mean, edge], [0, height, height], color="0.5", linewidth=0.8)
            name = wrapped(f"{row} ({mean:.2f})", 2.6, 8)
            axes.annotate(name, (edge, height), ha=side, va="center", fontsize=8, annotation_clip=False)
    return drawing
