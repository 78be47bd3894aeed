"""Transfusion, table 3: random and transferred weights on 5,000 fundus photographs (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.table import Row, Table
from experiments.transfusion_tasks import RANDOM, TRANSFER, Profile, few, network, retina, shared


def transfusion_table_3(profile: Profile = "phantom") -> Table:
    """The networks of the paper's table."""
    labels = ("ResNet",) if profile == "smoke" else ("ResNet", "CBR-LargeT", "CBR-LargeW")
    shown = [network(profile, label) for label in labels]
    return Table(
        title="Random and transferred weights on few fundus photographs",
        question="Do transferred weights help where there are few images?",
        backbone=shown[0].backbone,
        rows=(Row(RANDOM, "random"), Row(TRANSFER, "{source}")),
        columns=tuple(one.column(one.label, few(profile), retina(profile, small=True)) for one in shown),
        reference=RANDOM,
        **shared(profile),
    )
