"""Simple, lightweight networks perform comparably to ImageNet architectures (abstract)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, Sum, mean_of
from experiments.studies.transfusion.networks import network, networks
from experiments.studies.transfusion.shared_tables import RANDOM
from experiments.tables.preset import Profile


def small_networks_suffice(profile: Profile = "paper") -> Claim:
    """Small networks score like ResNet-50, from random weights."""
    large = network(profile, "ResNet").label
    parts = tuple(
        Sum(f"{one.label} less {large}", {(RANDOM, one.label): 1.0, (RANDOM, large): -1.0})
        for one in networks(profile)
        if one.label.startswith("CBR")
    )
    confirmed = tuple(part for part in parts if part.name.startswith("CBR-LargeT"))
    return Claim(
        sentence="Simple, lightweight networks perform comparably to ImageNet architectures.",
        where="abstract; table 1",
        kind="equal",
        margin=1.0,
        margin_from="ours: one point, below which a benefit is called little",
        readings=(
            Reading("transfusion_table_1", mean_of("CBR-LargeT, which is confirmed", confirmed), (), "as printed"),
            Reading("transfusion_table_1", mean_of("mean over CBR networks", parts), parts, "here"),
        ),
    )
