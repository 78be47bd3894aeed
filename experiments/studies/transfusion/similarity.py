"""Transfusion, appendix: similarity before and after training of every network, as figure 3."""

from __future__ import annotations

from experiments.studies.transfusion.figure_3 import DIRECTIONS, QUESTION
from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.shared_tables import along_stages
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def similarity(profile: Profile = "phantom") -> Table:
    """The similarities of all networks on fundus photographs."""
    return along_stages(
        profile,
        networks(profile),
        "similarity",
        title="Similarity of each stage before and after training, every network",
        question=QUESTION,
        directions=DIRECTIONS,
    )
