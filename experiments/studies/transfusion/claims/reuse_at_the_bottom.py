"""Only the lowest stages keep more of transferred weights than of random ones (figure 3)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, less
from experiments.studies.real_images.shared import FEW, IMAGENET, STAGES
from experiments.studies.real_images.shared import RANDOM as ON_REAL_IMAGES
from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.others import kept_by_stage
from experiments.studies.transfusion.shared_tables import RANDOM, TRANSFER
from experiments.tables.preset import Profile


def reuse_at_the_bottom(profile: Profile = "paper") -> Claim:
    """The gain in similarity to the start is larger in the lowest stage than in the highest."""
    large = network(profile, "ResNet")
    lowest, highest = (
        difference(TRANSFER, RANDOM, f"{large.label} {stage}") for stage in (large.stages[0], large.stages[-1])
    )
    on_real_images = tuple(
        difference(IMAGENET.label, ON_REAL_IMAGES.label, f"{FEW}, {stage}") for stage in (STAGES[0], STAGES[-1])
    )
    name = "lowest less highest stage"
    return Claim(
        sentence="Features are reused in the lowest stages: these stay more similar to a transferred start than to a "
        "random one, and the highest ones hardly do.",
        where="section 4.2; figure 3",
        kind="more",
        margin=5.0,
        margin_from="ours: five hundredths of the mean CCA coefficient",
        readings=(
            Reading("transfusion_similarity", less(name, lowest, highest), (lowest, highest)),
            Reading("real_images_similarity", less(name, *on_real_images), on_real_images),
            kept_by_stage(name),
        ),
        beyond="the figure's numbers are not printed",
    )
