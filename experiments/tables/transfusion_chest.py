"""Transfusion, appendix: similarity before and after training on chest x-rays, as figure 3."""

from __future__ import annotations

import dataclasses

from experiments.rendering.figure import Figure
from experiments.table import Table
from experiments.tables.transfusion_figure_3 import transfusion_figure_3
from experiments.transfusion_tasks import Profile, by_network, chest, networks, shared, stage_columns


def transfusion_chest(profile: Profile = "phantom") -> Table:
    """Every network of table 2, whose runs are looked at."""
    shown = [one for one in networks(profile) if one.label != "Inception-v3"]
    return dataclasses.replace(
        transfusion_figure_3(profile),
        title="Similarity of each stage before and after training on chest x-rays",
        columns=stage_columns(shown, "similarity", chest(profile), 'chexpert(uncertain="ignore")'),
        figure=Figure(groups=by_network(shown), along=True),
        seeds=shared(profile)["seeds"],
    )
