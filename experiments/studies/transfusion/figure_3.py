"""Transfusion, figure 3: similarity of each stage before and after training, random and transferred (Raghu 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import some
from experiments.studies.transfusion.shared_tables import along_stages
from experiments.tables.preset import Profile
from experiments.tables.table import Table

QUESTION = "How much of the initialization does training keep, and in which stages?"
DIRECTIONS = ("more similar", "less similar")

SEEDS: dict[Profile, int] = {"phantom": 4, "smoke": 2, "paper": 3}


def figure_3(profile: Profile = "phantom") -> Table:
    """CCA of each stage with itself before training; the paper's panels are *assumed* to be ResNet-50 and two CBRs."""
    return along_stages(
        profile,
        some(profile, "ResNet", "CBR-Small", "CBR-Tiny"),
        "similarity",
        title="Similarity of each stage before and after training",
        question=QUESTION,
        directions=DIRECTIONS,
        seeds=SEEDS[profile],
    )
