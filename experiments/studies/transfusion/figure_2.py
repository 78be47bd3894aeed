"""Transfusion, figure 2: are the top stages from random and from transferred weights alike? (Raghu et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.pairs import within_against_across
from experiments.reporting.drawings.looks import COLORS
from experiments.reporting.drawings.panels import NARROWEST
from experiments.reporting.text.phrases import p_text
from experiments.run.paths import Paths
from experiments.studies.transfusion.network_pairs import Pairs, named, pairs
from experiments.studies.transfusion.networks import Network, networks
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER, random_and_transfer
from experiments.tables.preset import Profile
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

TOP = 2
"""How many of the last stages the figure shows the mean similarity of."""

KINDS = ("two from random weights", "one from random, one from transferred weights")

SEEDS: dict[Profile, int] = {"phantom": 4, "smoke": 2, "paper": 4}


def figure_2(profile: Profile = "phantom") -> RunAnalysis:
    """Every pair of fine-tuned networks, four of each start (*assumed*: how many the paper compared is not known)."""
    shown = networks(profile, without="CBR-LargeT")  # the panels of the paper's figure leave it out
    table = random_and_transfer(profile, shown, seeds=SEEDS[profile])
    return RunAnalysis(
        title="Similarity of the top two stages between fine-tuned networks",
        question="Do networks from transferred weights learn other representations than those from random ones?",
        edition=table.edition,
        networks=table,
        analyze=partial(_analyze, shown),
    )


def _analyze(shown: Sequence[Network], runs: Runs, paths: Paths) -> AnalysisResult:
    rows, panels = [], []
    for network in shown:
        groups = [named(row, runs.get((row, network.label), ())) for row in (RANDOM, TRANSFER)]
        found = pairs(groups[0] | groups[1], network.stages[-TOP:], paths)
        values = {pair: float(np.mean([stage.after for stage in of.values()])) for pair, of in found.items()}
        defined = {pair: value for pair, value in values.items() if math.isfinite(value)}
        within = [value for pair, value in defined.items() if set(pair) <= set(groups[0])]
        across = [value for pair, value in defined.items() if len(set(pair) & set(groups[0])) == 1]
        tested = within_against_across(values, list(groups[0]), list(groups[1]))
        rows.append(
            (
                network.label,
                _summary(within),
                _summary(across),
                "-" if tested is None else f"{100 * tested.difference:+.2f}",
                "-" if tested is None else p_text(tested.p_value),
                f"{100 * _floor(found):.1f}" if found else "-",
            )
        )
        panels.append((network.label, within, across))
    return AnalysisResult(
        header=("network", *KINDS, "difference, points", "p", "floor"),
        rows=rows,
        notes=(
            "Mean canonical correlation in percent over the last two stages; mean ± standard deviation over pairs and, "
            "in brackets, their number. Each network's own channels are drawn.",
            "The test permutes networks, since pairs that share one are not independent; its smallest possible p is 2 "
            "over the number of ways to divide the networks in two.",
            "Floor: what independent rows of this shape would show; pixels are not independent, so even unrelated "
            "networks lie above it.",
        ),
        draw=partial(_draw, panels),
    )


def _summary(values: list[float]) -> str:
    if not values:
        return "-"
    spread = f" ± {100 * np.std(values, ddof=1):.2f}" if len(values) > 1 else ""
    return f"{100 * np.mean(values):.2f}{spread} ({len(values)})"


def _floor(found: Pairs) -> float:
    return float(np.mean([stage.floor for of in found.values() for stage in of.values()]))


def _draw(panels: list[tuple[str, list[float], list[float]]]) -> Drawing:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    drawing = Drawing(figsize=(max(NARROWEST, 1.0 + 1.9 * len(panels)), 3.6), layout="constrained")
    for number, (label, *samples) in enumerate(panels):
        axes = drawing.add_subplot(1, len(panels), number + 1)
        for place, (values, color) in enumerate(zip(samples, COLORS, strict=False)):
            if len(values) > 2:
                violin = axes.violinplot([100 * np.array(values)], [place], widths=0.7, showextrema=False)
                bodies: Any = violin["bodies"]
                bodies[0].set(facecolor=color, alpha=0.25)
            beside = place + np.linspace(-0.1, 0.1, len(values)) if len(values) > 1 else [place] * len(values)
            axes.scatter(beside, 100 * np.array(values), s=8, color=color, alpha=0.7, linewidths=0)
            if values:
                axes.hlines(100 * np.mean(values), place - 0.3, place + 0.3, color=color, linewidth=1.5)
        axes.set_title(label, fontsize=9)
        axes.set_xticks([])
        axes.set_xlim(-0.7, 1.7)
        axes.tick_params(labelsize=7)
        if number == 0:
            axes.set_ylabel("CCA, last two stages, %", fontsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    marks = [
        Line2D([], [], color=color, marker="o", linestyle="", markersize=4, label=kind)
        for kind, color in zip(KINDS, COLORS, strict=False)
    ]
    drawing.legend(handles=marks, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return drawing
