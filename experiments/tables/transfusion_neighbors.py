"""Transfusion, appendix: what nearest neighbors know at each stage, before and after training."""

from __future__ import annotations

from experiments.table import Table
from experiments.transfusion_tasks import Profile, along_stages, some


def transfusion_neighbors(profile: Profile = "phantom") -> Table:
    """Accuracy of the grade among the nearest training images, stage by stage."""
    return along_stages(
        profile,
        some(profile, "ResNet", "CBR-Small", "CBR-Tiny"),
        "neighbors",
        title="Nearest neighbors at each stage",
        question="In which stages does training make images of a class alike?",
        directions=("higher", "lower"),
    )
