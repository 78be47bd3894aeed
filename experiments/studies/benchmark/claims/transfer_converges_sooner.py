"""Transfer accelerates convergence (the slides)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference
from experiments.studies.demo.readings import in_world
from experiments.studies.demo.scale import WELL_STARTED
from experiments.studies.demo.shared import SOURCE
from experiments.studies.real_images.shared import FEW, IMAGENET, RANDOM
from experiments.tables.preset import Profile


def transfer_converges_sooner(profile: Profile = "paper") -> Claim:
    """ImageNet weights reach the threshold sooner than random ones."""
    return Claim(
        sentence="Transfer accelerates convergence.",
        where="slides",
        kind="more",
        margin=10.0,
        margin_from="not used: steps are tested for any difference",
        readings=(Reading("real_images_initializations", difference(RANDOM.label, IMAGENET.label, FEW), unit="steps"),),
        worlds=(
            in_world("scale", SOURCE, holds=True, unit="steps"),
            in_world("scale", SOURCE, WELL_STARTED, holds=False, unit="steps"),
        ),
        beyond="no times are printed",
    )
