"""The gain in convergence comes from the lowest stages (figure 7)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference
from experiments.studies.real_images.initializations import LOWEST
from experiments.studies.real_images.shared import FEW
from experiments.studies.real_images.shared import RANDOM as ON_REAL_IMAGES
from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.shared_tables import RANDOM
from experiments.tables.preset import Profile


def lowest_stages_converge_sooner(profile: Profile = "paper") -> Claim:
    """Transferring the first stage alone reaches the threshold sooner than random weights."""
    large = network(profile, "ResNet")
    first = difference(RANDOM, f"through {large.stages[0]}", large.label)
    return Claim(
        sentence="The gain in convergence comes from the lowest stages: the first one alone gives much of it.",
        where="section 5; figure 7",
        kind="more",
        margin=10.0,
        margin_from="not used: steps are tested for any difference",
        readings=(
            Reading("transfusion_figure_7", first, unit="steps"),
            Reading("real_images_initializations", difference(ON_REAL_IMAGES.label, LOWEST.label, FEW), unit="steps"),
        ),
        beyond="the figure's curves are not printed as numbers",
    )
