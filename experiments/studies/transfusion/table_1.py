"""Transfusion, table 1: random and transferred weights on fundus photographs, and the networks' cost (Raghu 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.shared_tables import random_and_transfer
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def table_1(profile: Profile = "phantom") -> Table:
    """Referable retinopathy on EyePACS, which stands in for the paper's photographs, since those are not published."""
    return random_and_transfer(
        profile,
        networks(profile),
        title="Random and transferred weights on fundus photographs",
        question="Do transferred weights score higher, and do small networks score lower than large ones?",
        costs=True,
    )
