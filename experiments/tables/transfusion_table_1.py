"""Transfusion, table 1: random and transferred weights on fundus photographs, and the networks' cost (Raghu 2019)."""

from __future__ import annotations

from experiments.table import Table
from experiments.transfusion_tasks import Profile, networks, random_and_transfer


def transfusion_table_1(profile: Profile = "phantom") -> Table:
    """Referable retinopathy; EyePACS stands in for the paper's photographs, which are not published."""
    return random_and_transfer(
        profile,
        networks(profile),
        title="Random and transferred weights on fundus photographs",
        question="Do transferred weights score higher, and do small networks score lower than large ones?",
        costs=True,
    )
