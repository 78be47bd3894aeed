"""Transfusion, appendix: how the weights of each stage are distributed, random, transferred and by Mean Var."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.reporting.drawings.looks import looks_of
from experiments.run.paths import Paths
from experiments.run.restored import before_training
from experiments.studies.transfusion.networks import Network, network
from experiments.studies.transfusion.profiles import PROFILES
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.studies.transfusion.tasks import RETINA, retina_recipe
from experiments.tables.preset import Profile
from experiments.tables.run_analysis import AnalysisResult, RunAnalysis, Runs
from experiments.tables.table import Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from backbones.networks.contract import Backbone

EXPRESSIONS = {RANDOM: "random", "Mean Var": "mean_var({source})", TRANSFER: "{source}"}
"""The initializer of each row, by its label."""

SHOWN: dict[Profile, str] = {"phantom": "ResNet", "smoke": "CBR-Small", "paper": "ResNet"}

Found = dict[str, dict[str, NDArray[np.float64]]]
"""The weights in one dimension, by stage and then by the row's label."""


def weights(profile: Profile = "phantom") -> RunAnalysis:
    """The weights of ResNet-50's convolutions before training, in the runs of figure 6 with seed 0."""
    shown = network(profile, SHOWN[profile])
    table = Table(
        title="",
        question="",
        rows=tuple(Row(label, expression) for label, expression in EXPRESSIONS.items()),
        columns=(shown.column(shown.label, RETINA, retina_recipe(profile)),),
        reference=RANDOM,
        **PROFILES[profile].shared() | {"backbone": shown.backbone, "seeds": 1},
    )
    return RunAnalysis(
        title=f"Distribution of the weights of each stage of {shown.label} before training",
        question="How do transferred weights differ from random ones in scale and shape?",
        edition=table.edition,
        networks=table,
        analyze=partial(_analyze, shown),
    )


def _analyze(shown: Network, runs: Runs, paths: Paths) -> AnalysisResult:
    found: Found = {stage: {} for stage in shown.stages}
    for row in EXPRESSIONS:
        for record in runs.get((row, shown.label), ()):
            for stage, weights in _convolutions(before_training(record, paths)).items():
                found[stage][row] = weights
    return AnalysisResult(
        header=("stage", "weights", "mean", "standard deviation", "excess kurtosis"),
        rows=[(stage, row, *_moments(weights)) for stage, of in found.items() for row, weights in of.items()],
        notes=(
            "All convolution weights of a stage together. Excess kurtosis is 0 for one normal distribution; Mean Var "
            "draws each tensor from its own, so a stage of tensors of different scales is above 0 too.",
        ),
        draw=partial(_draw, {stage: of for stage, of in found.items() if of}),
    )


def _convolutions(backbone: Backbone) -> dict[str, NDArray[np.float64]]:
    """The weights of all convolutions of each stage, joined in one dimension, by the stage's name."""
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for name, tensor in backbone.weights().items():
        if tensor.ndim == 4:
            parts.setdefault(backbone.stage_of(name), []).append(tensor.double().numpy().ravel())
    return {stage: np.concatenate(of) for stage, of in parts.items()}


def _moments(weights: NDArray[np.float64]) -> tuple[str, str, str]:
    from scipy.stats import kurtosis

    return f"{weights.mean():+.4f}", f"{weights.std():.4f}", f"{kurtosis(weights):+.2f}"


def _draw(found: Found) -> Drawing:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.lines import Line2D

    drawing = Drawing(figsize=(max(7.5, 2.0 * len(found)), 2.9), layout="constrained")
    shown = looks_of(EXPRESSIONS)
    rows = [row for row in EXPRESSIONS if any(row in of for of in found.values())]
    for number, (stage, of) in enumerate(found.items()):
        axes = drawing.add_subplot(1, len(found), number + 1)
        widest = max(np.abs(np.quantile(weights, [0.005, 0.995])).max() for weights in of.values())
        for row, weights in of.items():
            color = shown[row].color
            axes.hist(
                weights, bins=60, range=(-widest, widest), density=True, histtype="step", color=color, linewidth=1.1
            )
        axes.set_title(stage, fontsize=9)
        axes.set_yticks([])
        axes.tick_params(labelsize=7)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    marks = [Line2D([], [], color=shown[row].color, label=row) for row in rows]
    drawing.legend(handles=marks, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return drawing
