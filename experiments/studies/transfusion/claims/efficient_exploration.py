"""Hybrids allow a more efficient exploration of models (section 5)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference
from experiments.studies.transfusion.figure_8 import SHOWN
from experiments.studies.transfusion.networks import network
from experiments.studies.transfusion.shared_tables import RANDOM
from experiments.tables.preset import Profile


def efficient_exploration(profile: Profile = "paper") -> Claim:
    """A slim hybrid reaches the threshold in fewer hours of a processor than the whole network from random weights."""
    shown = [network(profile, label) for label in SHOWN[profile]]
    parts = tuple(
        difference(RANDOM, row, one.label, f"{row}, {one.label}" if row == "Gabor filters" else row)
        for one in shown
        for row in (f"slim {one.label}", "Gabor filters")
    )
    return Claim(
        sentence="Hybrids allow a more efficient exploration of models.",
        where="section 5",
        kind="more",
        margin=1.0,
        margin_from="not used: hours are tested for any difference",
        readings=(Reading("transfusion_figure_8", parts[0], parts, unit="hours"),),
        beyond="no hours are printed",
    )
