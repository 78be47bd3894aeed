"""Transfusion, appendix: what nearest neighbors know at each stage, before and after training."""

from __future__ import annotations

from experiments.studies.transfusion.networks import some
from experiments.studies.transfusion.shared_tables import along_stages
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def neighbors(profile: Profile = "phantom") -> Table:
    """The score of grades that are predicted from the nearest training images, by the features of each stage."""
    return along_stages(
        profile,
        some(profile, "ResNet", "CBR-Small", "CBR-Tiny"),
        "neighbors",
        title="Nearest neighbors at each stage",
        question="In which stages does training make images of a class alike?",
        directions=("higher", "lower"),
    )
