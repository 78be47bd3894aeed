"""Transfusion, appendix: what nearest neighbors know at each stage, before and after training."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.transfusion_tasks import (
    RANDOM,
    TRANSFER,
    Profile,
    by_network,
    network,
    retina,
    shared,
    stage_columns,
)


def transfusion_neighbors(profile: Profile = "phantom") -> Table:
    """Accuracy of the grade among the nearest training images, stage by stage."""
    labels = ("ResNet",) if profile == "smoke" else ("ResNet", "CBR-Small", "CBR-Tiny")
    shown = [network(profile, label) for label in labels]
    return Table(
        title="Nearest neighbors at each stage",
        question="In which stages does training make images of a class alike?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=stage_columns(shown, "neighbors", retina(profile)),
        reference=RANDOM,
        figure=Figure(groups=by_network(shown), along=True),
        directions=("higher", "lower"),
        **shared(profile),
    )
