"""Transfer offers little benefit to performance (abstract)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, mean_of, over_columns
from experiments.studies.demo.readings import in_world
from experiments.studies.demo.shared import SOURCE
from experiments.studies.real_images.initializations import ALL, MORE, VESSELS
from experiments.studies.real_images.shared import IMAGENET
from experiments.studies.real_images.shared import RANDOM as ON_REAL_IMAGES
from experiments.studies.transfusion.networks import networks
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.tables.preset import Profile

CONFIRMED = ("ResNet-50", "Inception-v3", "CBR-LargeT")
"""The networks whose printed numbers a second source confirms."""


def little_benefit(profile: Profile = "paper") -> Claim:
    """Transferred and random weights score alike."""
    parts = tuple(difference(TRANSFER, RANDOM, one.label) for one in networks(profile))
    confirmed = tuple(part for part in parts if part.name in CONFIRMED)
    return Claim(
        sentence="Transfer from ImageNet offers little benefit to performance.",
        where="abstract; table 1",
        kind="equal",
        margin=1.0,
        margin_from="ours: one point, below which a benefit is called little",
        readings=(
            Reading("transfusion_table_1", mean_of("mean over networks", confirmed), confirmed, "as printed"),
            Reading("transfusion_table_1", mean_of("mean over networks", parts), parts, "here"),
            over_columns("real_images_initializations", IMAGENET.label, ON_REAL_IMAGES.label, (MORE, ALL, VESSELS)),
        ),
        worlds=(
            in_world("plenty", SOURCE, holds=True),
            in_world("features", SOURCE, holds=False),
        ),
    )
