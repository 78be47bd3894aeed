"""Transfusion, appendix: weight transfusion of a CBR network, as figure 7."""

from __future__ import annotations

from experiments.table import Table
from experiments.tables.transfusion_figure_7 import transfusions
from experiments.transfusion_tasks import Profile, network


def transfusion_stages(profile: Profile = "phantom") -> Table:
    """CBR-LargeW on photographs; the paper's panels are not known."""
    return transfusions(profile, network(profile, "CBR-Small" if profile == "smoke" else "CBR-LargeW"))
