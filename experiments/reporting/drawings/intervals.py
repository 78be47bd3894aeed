"""Differences with bounds, drawn as bars; what goes on beyond an axis ends in an arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FARTHEST = 6.0
"""The largest value on an axis as a multiple of the median difference; bars that go farther end in an arrow."""

LEAST = 0.1
"""The least value in points that takes the place of the median difference where that is smaller."""


@dataclass(frozen=True)
class Bar:
    """A difference in points, with bounds.

    Attributes:
        low: the lower bound; minus infinity where there is none.
        estimate: the estimated difference.
        high: the upper bound; infinity where there is none.
    """

    low: float
    estimate: float
    high: float

    def numbers(self) -> tuple[float | None, float | None, float | None]:
        """The difference and its bounds, None where there is none."""
        low, high = (bound if np.isfinite(bound) else None for bound in (self.low, self.high))
        return self.estimate, low, high

    def __str__(self) -> str:
        """The difference as in ``-1.20 (-3.00 to 0.40)`` or, without a lower bound, ``-1.20 (up to 0.40)``."""
        low, high = (f"{bound:.2f}" if np.isfinite(bound) else "" for bound in (self.low, self.high))
        told = (
            f"{low} to {high}"
            if low and high
            else f"up to {high}"
            if high
            else f"{low} or more"
            if low
            else "no bounds"
        )
        return f"{self.estimate:+.2f} ({told})"


def edges(bars: Sequence[Bar], around: Sequence[float] = (0.0,)) -> tuple[float, float]:
    """The two ends of an axis for bars, in points.

    Args:
        bars: the bars that the axis shows; those about as large as the median one are seen whole.
        around: values that the axis shows in any case.
    """
    estimates = [bar.estimate for bar in bars]
    limit = FARTHEST * max(LEAST, float(np.median(np.abs(estimates or [0.0]))), *map(abs, around))
    ends = [end for bar in bars for end in (bar.low, bar.estimate, bar.high) if np.isfinite(end)]
    shown = np.clip([*ends, *around], -limit, limit)
    room = 0.08 * max(float(np.ptp(shown)), LEAST)
    return float(shown.min()) - room, float(shown.max()) + room


def draw_bar(axes: Axes, bar: Bar, height: float, color: str) -> None:
    """Draw a bar with a dot at the difference, and with an arrow at the edge of the axis where the bar goes on."""
    left, right = axes.get_xlim()
    look: dict[str, Any] = {"color": color, "linestyle": ""}
    inside = 0.012 * (right - left)
    axes.plot(
        [max(bar.low, left), min(bar.high, right)], [height] * 2, color=color, linewidth=2.2, solid_capstyle="butt"
    )  # fmt: skip
    for end, beyond, place, mark in (
        (bar.low, bar.low < left, left + inside, "<"),
        (bar.high, bar.high > right, right - inside, ">"),
    ):
        if beyond:
            axes.plot(place, height, marker=mark, markersize=6, clip_on=False, **look)
        elif left <= end <= right:
            axes.plot(end, height, marker="|", markersize=8, markeredgewidth=1.4, **look)
    if left <= bar.estimate <= right:
        axes.plot(bar.estimate, height, marker="o", markersize=5, **look)


def write_beside(axes: Axes, text: str, height: float, color: str = "0.15") -> None:
    """Write a text at the right of a bar, outside the axes."""
    axes.annotate(
        text, (1.03, height), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, color=color
    )  # fmt: skip


def frame(axes: Axes, rows: int, ends: tuple[float, float]) -> None:
    """Prepare axes for bars at the heights 0, -1, -2 and so on, with a line at no difference.

    Args:
        axes: the axes that are prepared.
        rows: the number of bars.
        ends: the two ends of the horizontal axis, in points.
    """
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(*ends)
    axes.set_ylim(-rows + 0.4, 0.6)
    axes.axvline(0, color="0.75", linewidth=0.8, zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.tick_params(axis="y", labelsize=8)
    axes.tick_params(axis="x", labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
