"""With very little data transfer helps large networks more than small ones (table 3)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, less, mean_of
from experiments.studies.transfusion.networks import some
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.tables.preset import Profile


def few_images_help_large_networks(profile: Profile = "paper") -> Claim:
    """On few images large networks gain more from transfer than small ones."""
    large, *small = (
        difference(TRANSFER, RANDOM, one.label) for one in some(profile, "ResNet", "CBR-LargeT", "CBR-LargeW")
    )
    parts = (large, *small)
    whole = less("large less small networks", large, mean_of("small networks", small)) if small else large
    return Claim(
        sentence="With very little data, transfer helps large networks more than small ones.",
        where="section 3.3; table 3",
        kind="more",
        margin=1.0,
        margin_from="ours: one point, below which a benefit is called little",
        readings=(Reading("transfusion_table_3", whole, parts),),
    )
