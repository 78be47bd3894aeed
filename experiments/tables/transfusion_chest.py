"""Transfusion, appendix: similarity before and after training on chest x-rays, as figure 3."""

from __future__ import annotations

from experiments.table import Table
from experiments.tables.transfusion_figure_3 import DIRECTIONS, QUESTION
from experiments.transfusion_tasks import Profile, along_stages, networks


def transfusion_chest(profile: Profile = "phantom") -> Table:
    """Every network of table 2, whose runs are looked at."""
    return along_stages(
        profile,
        [one for one in networks(profile) if one.label != "Inception-v3"],
        "similarity",
        title="Similarity of each stage before and after training on chest x-rays",
        question=QUESTION,
        directions=DIRECTIONS,
        on_chest=True,
    )
