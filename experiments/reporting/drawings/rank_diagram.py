"""The critical-difference diagram: mean ranks on a line, rows that do not differ joined by a bar (Demsar 2006)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.ranks import RankComparison
from experiments.reporting.drawings.labels import wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


def draw_ranks(ranks: RankComparison, title: str) -> Drawing:
    """The diagram, the best rows at the left.

    Args:
        ranks: of the rows.
        title: above it.
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
