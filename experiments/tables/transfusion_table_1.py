"""Transfusion, table 1: random and transferred weights on fundus photographs, and the networks' cost (Raghu 2019)."""

from __future__ import annotations

from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, TRANSFER, Profile, networks, retina, shared


def transfusion_table_1(profile: Profile = "phantom") -> Table:
    """Referable retinopathy; EyePACS stands in for the paper's photographs, which are not published."""
    shown = networks(profile)
    return Table(
        title="Random and transferred weights on fundus photographs",
        question="Do transferred weights score higher, and do small networks score lower than large ones?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=tuple(one.column(one.label, "eyepacs", retina(profile)) for one in shown),
        reference=RANDOM,
        costs=True,
        **shared(profile),
    )
