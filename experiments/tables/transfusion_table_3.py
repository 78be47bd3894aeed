"""Transfusion, table 3: random and transferred weights on 5,000 fundus photographs (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.table import Table
from experiments.transfusion_tasks import Profile, few, random_and_transfer, retina, some


def transfusion_table_3(profile: Profile = "phantom") -> Table:
    """The networks of the paper's table."""
    shown = some(profile, "ResNet", "CBR-LargeT", "CBR-LargeW")
    return random_and_transfer(
        profile,
        shown,
        title="Random and transferred weights on few fundus photographs",
        question="Do transferred weights help where there are few images?",
        columns=tuple(one.column(one.label, few(profile), retina(profile, small=True)) for one in shown),
    )
