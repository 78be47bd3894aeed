"""Transfusion, appendix: how much of the score is lost when one stage goes back to its initialization."""

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


def transfusion_reinitialization(profile: Profile = "phantom") -> Table:
    """The fall of the test score, in points, stage by stage."""
    labels = ("ResNet",) if profile == "smoke" else ("ResNet", "CBR-Small", "CBR-Tiny")
    shown = [network(profile, label) for label in labels]
    return Table(
        title="Fall of the score when one stage goes back to its initialization",
        question="On which stages' training does the score hang?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=stage_columns(shown, "reinitialization", retina(profile)),
        reference=RANDOM,
        figure=Figure(groups=by_network(shown), along=True),
        directions=("more sensitive", "less sensitive"),
        **shared(profile),
    )
