"""Transfusion, appendix: weight transfusion of a CBR network, as figure 7."""

from __future__ import annotations

from experiments.studies.transfusion.figure_7 import transfusions
from experiments.studies.transfusion.networks import network
from experiments.tables.preset import Profile
from experiments.tables.table import Table

SHOWN: dict[Profile, str] = {"phantom": "CBR-LargeW", "smoke": "CBR-Small", "paper": "CBR-LargeW"}


def stages(profile: Profile = "phantom") -> Table:
    """CBR-LargeW on fundus photographs (*assumed*: which networks the paper's panels show is not known)."""
    return transfusions(profile, network(profile, SHOWN[profile]))
