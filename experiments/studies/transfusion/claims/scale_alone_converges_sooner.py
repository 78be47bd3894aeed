"""The scale of the weights alone speeds up convergence (figure 6)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, mean_of
from experiments.studies.demo.readings import in_world
from experiments.studies.demo.scale import WELL_STARTED
from experiments.studies.demo.shared import SCALED
from experiments.studies.real_images.shared import FEW, SCALE
from experiments.studies.real_images.shared import RANDOM as ON_REAL_IMAGES
from experiments.studies.transfusion.figure_6 import SHOWN
from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.shared_tables import RANDOM
from experiments.tables.preset import Profile


def scale_alone_converges_sooner(profile: Profile = "paper") -> Claim:
    """Mean Var reaches the threshold sooner than random weights."""
    parts = tuple(
        difference(RANDOM, "Mean Var", f"{network(profile, label).label}, {task}")
        for labels, task in zip(SHOWN[profile], ("retina", "consolidation"), strict=True)
        for label in labels
    )
    return Claim(
        sentence="The scale of transferred weights alone (Mean Var) speeds up convergence.",
        where="section 5; figure 6",
        kind="more",
        margin=10.0,
        margin_from="not used: steps are tested for any difference",
        readings=(
            Reading("transfusion_figure_6", mean_of("mean over networks and tasks", parts), parts, unit="steps"),
            Reading("real_images_initializations", difference(ON_REAL_IMAGES.label, SCALE.label, FEW), unit="steps"),
        ),
        worlds=(
            in_world("scale", SCALED, holds=True, unit="steps"),
            in_world("scale", SCALED, WELL_STARTED, holds=False, unit="steps"),
        ),
        beyond="the figure's curves are not printed as numbers",
    )
