"""Transfusion, appendix: how much of the score is lost when one stage goes back to its initialization."""

from __future__ import annotations

from experiments.studies.transfusion.networks import some
from experiments.studies.transfusion.shared_tables import along_stages
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def reinitialization(profile: Profile = "phantom") -> Table:
    """The fall of the test score, in points, for each stage that is set back to its weights before training."""
    return along_stages(
        profile,
        some(profile, "ResNet", "CBR-Small", "CBR-Tiny"),
        "reinitialization",
        title="Fall of the score when one stage goes back to its initialization",
        question="On which stages' training does the score hang?",
        directions=("more sensitive", "less sensitive"),
    )
