"""Transfusion, appendix: similarity before and after training on chest x-rays, as figure 3."""

from __future__ import annotations

from experiments.studies.transfusion.figure_3 import DIRECTIONS, QUESTION
from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.shared_tables import along_stages
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def chest(profile: Profile = "phantom") -> Table:
    """Every network of table 2; the similarities are measured on the runs of that table."""
    return along_stages(
        profile,
        networks(profile, without="Inception-v3"),
        "similarity",
        title="Similarity of each stage before and after training on chest x-rays",
        question=QUESTION,
        directions=DIRECTIONS,
        on_chest=True,
    )
