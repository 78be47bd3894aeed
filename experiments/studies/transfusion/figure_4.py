"""Transfusion, figure 4: does similarity at initialization predict similarity after training? (Raghu et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.pairs import Explained, explained
from experiments.reporting.drawings.looks import COLORS
from experiments.run.paths import Paths
from experiments.studies.transfusion.network_pairs import named, pairs
from experiments.studies.transfusion.networks import Network, some
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER, random_and_transfer
from experiments.tables.preset import Profile
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

KINDS = ("random and random", "random and transferred")

SEEDS: dict[Profile, int] = {"phantom": 6, "smoke": 3, "paper": 6}


class Panel(NamedTuple):
    """One panel of the figure: the points of one stage of a network and one kind of pairs.

    Attributes:
        label: the names of the network and of the stage.
        kind: the kind of pairs, one of ``KINDS``.
        points: the similarity before and after training of each pair of networks, in [0, 1].
        line: the fitted line that predicts the similarity after training; None where there are too few pairs to fit
            one.
    """

    label: str
    kind: str
    points: list[tuple[float, float]]
    line: Explained | None


def figure_4(profile: Profile = "phantom") -> RunAnalysis:
    """A point is a pair of runs (*assumed*, since the paper does not say it).

    The upper line of panels shows the lowest stage, the lower line the last one.
    """
    shown = some(profile, "ResNet", "CBR-Small")
    table = random_and_transfer(profile, shown, seeds=SEEDS[profile])
    return RunAnalysis(
        title="Similarity of networks at initialization and after training",
        question="Does it show at initialization how alike two networks will be?",
        edition=table.edition,
        networks=table,
        analyze=partial(_analyze, shown),
    )


def _analyze(shown: Sequence[Network], runs: Runs, paths: Paths) -> AnalysisResult:
    panels = []
    for one in shown:
        random, transfer = (named(row, runs.get((row, one.label), ())) for row in (RANDOM, TRANSFER))
        stages = (one.stages[0], one.stages[-1])
        found = pairs(random | transfer, stages, paths)
        for stage in stages:
            for kind, common in zip(KINDS, (2, 1), strict=True):
                points = {
                    pair: (of[stage].before, of[stage].after)
                    for pair, of in found.items()
                    if len(set(pair) & set(random)) == common and math.isfinite(of[stage].before + of[stage].after)
                }
                panels.append(Panel(f"{one.label} {stage}", kind, list(points.values()), explained(points)))
    return AnalysisResult(
        header=("stage", "pairs", "number", "slope", "R²", "95 % interval"),
        rows=[
            (
                panel.label,
                panel.kind,
                str(len(panel.points)),
                "-" if panel.line is None else f"{panel.line.slope:+.2f}",
                "-" if panel.line is None else f"{panel.line.r_squared:.2f}",
                "-" if panel.line is None else "{:.2f} to {:.2f}".format(*panel.line.interval),
            )
            for panel in panels
        ],
        notes=(
            "A point is a pair of networks, on the same images. The interval resamples networks, since pairs that "
            "share one are not independent; with so few networks it is wide.",
            "All transferred networks begin with the same weights, so pairs with them differ at initialization by the "
            "random network alone.",
        ),
        draw=partial(_draw, panels),
    )


def _draw(panels: list[Panel]) -> Drawing:
    from matplotlib.figure import Figure as Drawing

    # The panels are in the order of the paper: the lowest stages in the first line.
    columns = len(panels) // 2
    drawing = Drawing(figsize=(max(5.5, 2.3 * columns), 5.2), layout="constrained")
    for number, panel in enumerate(panels):
        block, within = divmod(number, 4)
        line, place = divmod(within, 2)
        axes = drawing.add_subplot(2, columns, line * columns + 2 * block + place + 1)
        x, y = 100 * np.array(panel.points).reshape(-1, 2).T
        axes.scatter(x, y, s=10, color=COLORS[place], alpha=0.7, linewidths=0)
        if panel.line is not None:
            ends = np.array([x.min(), x.max()])
            axes.plot(ends, y.mean() + panel.line.slope * (ends - x.mean()), color="0.5", linewidth=0.9)
            axes.annotate(f"R² = {panel.line.r_squared:.2f}", (0.04, 0.93), xycoords="axes fraction", fontsize=7)
        axes.set_title(f"{panel.label}\n{panel.kind}", fontsize=8)
        axes.set_xlabel("CCA before training, %", fontsize=7)
        axes.set_ylabel("CCA after training, %", fontsize=7)
        axes.tick_params(labelsize=6)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    return drawing
