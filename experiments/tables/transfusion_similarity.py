"""Transfusion, appendix: similarity before and after training of every network, as figure 3."""

from __future__ import annotations

from experiments.table import Table
from experiments.tables.transfusion_figure_3 import DIRECTIONS, QUESTION
from experiments.transfusion_tasks import Profile, along_stages, networks


def transfusion_similarity(profile: Profile = "phantom") -> Table:
    """All networks on fundus photographs."""
    return along_stages(
        profile,
        networks(profile),
        "similarity",
        title="Similarity of each stage before and after training, every network",
        question=QUESTION,
        directions=DIRECTIONS,
    )
