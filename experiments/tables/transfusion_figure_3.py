"""Transfusion, figure 3: similarity of each stage before and after training, random and transferred (Raghu 2019)."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, TRANSFER, Profile, by_network, network, retina, shared, stage_columns


def transfusion_figure_3(profile: Profile = "phantom") -> Table:
    """CCA of each stage with itself before training; the paper's panels are *assumed* to be ResNet-50 and two CBRs."""
    labels = ("ResNet",) if profile == "smoke" else ("ResNet", "CBR-Small", "CBR-Tiny")
    shown = [network(profile, label) for label in labels]
    return Table(
        title="Similarity of each stage before and after training",
        question="How much of the initialization does training keep, and in which stages?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=stage_columns(shown, "similarity", retina(profile)),
        reference=RANDOM,
        figure=Figure(groups=by_network(shown), along=True),
        directions=("more similar", "less similar"),
        **shared(profile, seeds=4),
    )
