"""Transfusion, appendix: how far training moves the weights of each stage from where they began."""

from __future__ import annotations

from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.transfusion_tasks import (
    RANDOM,
    TRANSFER,
    Profile,
    by_network,
    networks,
    retina,
    shared,
    stage_columns,
)


def transfusion_distance(profile: Profile = "phantom") -> Table:
    """The relative l2 distance of each stage's parameters, of every network."""
    shown = networks(profile)
    return Table(
        title="Distance of each stage from its initialization",
        question="Do transferred weights stay nearer to where they began, and in which stages?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=stage_columns(shown, "distance", retina(profile)),
        reference=RANDOM,
        figure=Figure(groups=by_network(shown), along=True),
        directions=("farther", "nearer"),
        **shared(profile),
    )
