"""The two figures: the cost and the errors of each way to choose, and how often the stated level holds."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.deciding.counting import Counts, costs
from benchmarks.deciding.reliability import STATED
from experiments.reporting.drawings.labels import legend_below
from experiments.reporting.drawings.looks import COLORS
from experiments.reporting.drawings.panels import NARROWEST
from experiments.reporting.drawings.pictures import caption, drawn
from specs.files import replacing

COLORS_OF_PNG = 256
"""The number of colors of a picture, which fits into a byte per pixel and so keeps files small."""


def draw_costs(lines: Mapping[str, Mapping[str, Counts]]) -> Figure:
    """Draw three panels over the runs spent: false claims, settled comparisons, and picks outside the margin."""
    panels: dict[str, Callable[[Counts], float]] = {
        "false claims, %": lambda counts: counts["false"],
        "settled, %": lambda counts: counts["settled"],
        "pick not within the margin, %": lambda counts: 1 - counts["right"],
    }
    drawing = Figure(figsize=(9.5, 3.4), layout="constrained")
    marks = [
        Line2D([], [], color=color, marker="o", markersize=4, linestyle="-" if len(lines[name]) > 1 else "", label=name)
        for name, color in zip(lines, COLORS, strict=False)
    ]
    for number, (title, value) in enumerate(panels.items()):
        axes = drawing.add_subplot(1, len(panels), number + 1)
        for mark, line in zip(marks, lines.values(), strict=True):
            spent = [100 * costs(counts)[0] for counts in line.values()]
            shown = [100 * value(counts) for counts in line.values()]
            axes.plot(spent, shown, color=mark.get_color(), linestyle=mark.get_linestyle(), marker="o", markersize=3)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("runs, % of the full grid", fontsize=8)
        axes.set_xlim(0, 103)
        _plain(axes)
    legend_below(drawing, marks, 4, 8)
    return caption(drawing, "What a way to choose costs, and what it errs: mean over targets")


def draw_reliability(held_by_world: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the share of comparisons without a false claim over the stated one, which holds on or above the diagonal."""
    drawing = Figure(figsize=(NARROWEST, 4.2), layout="constrained")
    axes = drawing.add_subplot()
    axes.plot([50, 100], [50, 100], color="0.6", linewidth=0.8)
    marks = [Line2D([], [], color="0.6", linewidth=0.8, label="as stated")]
    for (name, held), color in zip(held_by_world.items(), COLORS, strict=False):
        axes.plot(
            [100 * share for share in STATED], [100 * share for share in held], color=color, marker="o", markersize=3
        )
        marks.append(Line2D([], [], color=color, marker="o", markersize=4, label=name))
    axes.set_xlabel("stated: comparisons without a false claim, %", fontsize=8)
    axes.set_ylabel("found, %", fontsize=8)
    axes.set_xlim(49, 101)
    _plain(axes)
    legend_below(drawing, marks, 2, 8)
    return caption(drawing, "How often the stated level holds")


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def write(drawing: Figure, name: str, folder: Path) -> Path:
    """Write the drawing as NAME.png with few colors, and return its path."""
    from PIL import Image

    packed = io.BytesIO()
    with Image.open(io.BytesIO(drawn(drawing, "png"))) as picture:
        picture.convert("RGB").quantize(COLORS_OF_PNG).save(packed, format="png", optimize=True)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}.png") as temporary:
        temporary.write_bytes(packed.getvalue())
    return folder / f"{name}.png"
