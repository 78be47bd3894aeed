"""The best self-supervised models beat the supervised one (the slides, figure 2)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, mean_of, over_columns
from experiments.studies.benchmark.figure_2 import TASKS, figure_2
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.tables.preset import Profile

TOP = ("DeepCluster-v2", "SeLa-v2", "SwAV", "Barlow Twins", "BYOL")
"""The models that are judged together: those that are named as best elsewhere, so that no pick is made from these
numbers: the clustering methods, Barlow Twins and BYOL lead the ranking of Ericsson et al. 2021
(https://arxiv.org/abs/2011.13377), whose weights the paper takes."""


def self_supervised_beats_supervised(profile: Profile = "paper") -> Claim:
    """Self-supervised models that are named as best transfer better than the supervised one."""
    supervised = figure_2(profile).reference
    by_model = [
        over_columns("benchmark_figure_2", model, supervised, TASKS[profile], f"{model}, mean over tasks").whole
        for model in TOP
    ]
    return Claim(
        sentence="The top self-supervised models transfer better than the supervised one.",
        where="slides; figure 2",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(
            Reading("benchmark_figure_2", mean_of("mean over five models and the tasks", by_model), tuple(by_model)),
        ),
    )
