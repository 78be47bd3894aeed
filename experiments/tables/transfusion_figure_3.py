"""Transfusion, figure 3: similarity of each stage before and after training, random and transferred (Raghu 2019)."""

from __future__ import annotations

from experiments.table import Table
from experiments.transfusion_tasks import Profile, along_stages, some

QUESTION = "How much of the initialization does training keep, and in which stages?"
DIRECTIONS = ("more similar", "less similar")


def transfusion_figure_3(profile: Profile = "phantom") -> Table:
    """CCA of each stage with itself before training; the paper's panels are *assumed* to be ResNet-50 and two CBRs."""
    return along_stages(
        profile,
        some(profile, "ResNet", "CBR-Small", "CBR-Tiny"),
        "similarity",
        title="Similarity of each stage before and after training",
        question=QUESTION,
        directions=DIRECTIONS,
        seeds=4,
    )
