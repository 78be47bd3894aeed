"""Coarse labels (ImageNet) are the better source for classification (the slides, figure 1)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, over_columns
from experiments.studies.benchmark.figure_1 import GROUPS, SOURCES
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.tables.preset import Profile


def coarse_labels_for_classification(profile: Profile = "paper") -> Claim:
    """Models pretrained with coarse labels are better for classification."""
    coarse, fine = SOURCES[profile]
    tasks = dict(GROUPS[profile]).get("classification", ())
    return Claim(
        sentence="Pretraining with coarse labels is better than with fine-grained ones for classification.",
        where="slides; figure 1",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(over_columns("benchmark_figure_1", coarse.label, fine.label, tasks, "mean over classifications"),),
    )
