"""Transfusion, appendix: how far training moves the weights of each stage from where they began."""

from __future__ import annotations

from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.shared_tables import along_stages
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def distance(profile: Profile = "phantom") -> Table:
    """The l2 norm of the change of each stage's parameters relative to their norm before, for every network."""
    return along_stages(
        profile,
        networks(profile),
        "distance",
        title="Distance of each stage from its initialization",
        question="Do transferred weights stay nearer to where they began, and in which stages?",
        directions=("farther", "nearer"),
    )
