"""Transfusion, table 3: random and transferred weights on 5,000 fundus photographs (Raghu et al. 2019)."""

from __future__ import annotations

from experiments.studies.transfusion.networks import some
from experiments.studies.transfusion.shared_tables import random_and_transfer
from experiments.studies.transfusion.tasks import few_retina, retina_recipe
from experiments.tables.preset import Profile
from experiments.tables.table import Table


def table_3(profile: Profile = "phantom") -> Table:
    """The three networks of the paper's table on few fundus photographs."""
    shown = some(profile, "ResNet", "CBR-LargeT", "CBR-LargeW")
    return random_and_transfer(
        profile,
        shown,
        title="Random and transferred weights on few fundus photographs",
        question="Do transferred weights help where there are few images?",
        columns=tuple(one.column(one.label, few_retina(profile), retina_recipe(profile, few=True)) for one in shown),
    )
