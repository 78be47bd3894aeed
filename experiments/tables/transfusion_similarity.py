"""Transfusion, appendix: similarity before and after training of every network, as figure 3."""

from __future__ import annotations

import dataclasses

from experiments.rendering.figure import Figure
from experiments.table import Table
from experiments.tables.transfusion_figure_3 import transfusion_figure_3
from experiments.transfusion_tasks import Profile, by_network, networks, retina, shared, stage_columns


def transfusion_similarity(profile: Profile = "phantom") -> Table:
    """All networks on fundus photographs."""
    shown = networks(profile)
    return dataclasses.replace(
        transfusion_figure_3(profile),
        title="Similarity of each stage before and after training, every network",
        columns=stage_columns(shown, "similarity", retina(profile)),
        figure=Figure(groups=by_network(shown), along=True),
        seeds=shared(profile)["seeds"],
    )
