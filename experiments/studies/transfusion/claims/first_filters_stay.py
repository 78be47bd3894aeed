"""ResNet's first filters remain what they were, those of small networks change (figure 5)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, Sum
from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.shared_tables import TRANSFER
from experiments.tables.preset import Profile


def first_filters_stay(profile: Profile = "paper") -> Claim:
    """The first stage of a large network moves less than that of a small one, from transferred weights."""
    large, small = (network(profile, label) for label in ("ResNet", "CBR-Small"))
    whole = Sum(
        f"{small.label} less {large.label}",
        {(TRANSFER, f"{small.label} {small.stages[0]}"): 1.0, (TRANSFER, f"{large.label} {large.stages[0]}"): -1.0},
    )
    return Claim(
        sentence="The first filters of a large network remain what they were, and those of a small one change.",
        where="section 4.2; figure 5",
        kind="more",
        margin=10.0,
        margin_from="ours: a tenth of the weights' norm",
        readings=(Reading("transfusion_distance", whole),),
        beyond="the figure shows filters and prints no distances",
    )
