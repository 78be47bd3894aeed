"""Transfusion, appendix: how far training moves the weights of each stage from where they began."""

from __future__ import annotations

from experiments.table import Table
from experiments.transfusion_tasks import Profile, along_stages, networks


def transfusion_distance(profile: Profile = "phantom") -> Table:
    """The relative l2 distance of each stage's parameters, of every network."""
    return along_stages(
        profile,
        networks(profile),
        "distance",
        title="Distance of each stage from its initialization",
        question="Do transferred weights stay nearer to where they began, and in which stages?",
        directions=("farther", "nearer"),
    )
