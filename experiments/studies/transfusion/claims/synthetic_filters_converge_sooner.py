"""Synthetic Gabor filters as a first stage speed up convergence (figure 8)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, mean_of
from experiments.studies.transfusion.figure_8 import SHOWN
from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.shared_tables import RANDOM
from experiments.tables.preset import Profile


def synthetic_filters_converge_sooner(profile: Profile = "paper") -> Claim:
    """Gabor filters reach the threshold sooner than random weights."""
    parts = tuple(difference(RANDOM, "Gabor filters", network(profile, label).label) for label in SHOWN[profile])
    return Claim(
        sentence="Hybrids with synthetic Gabor filters converge faster than random weights.",
        where="section 5; figure 8",
        kind="more",
        margin=10.0,
        margin_from="not used: steps are tested for any difference",
        readings=(Reading("transfusion_figure_8", mean_of("mean over networks", parts), parts, unit="steps"),),
        beyond="the figure's curves are not printed as numbers",
    )
