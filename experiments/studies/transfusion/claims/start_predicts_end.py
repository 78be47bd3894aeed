"""Where large networks start predicts where they end, in low stages (figure 4)."""

from __future__ import annotations

from experiments.ledger.claim import Claim
from experiments.tables.preset import Profile


def start_predicts_end(profile: Profile = "paper") -> Claim:
    """The similarity of filters before training predicts that after it, for large networks only."""
    return Claim(
        sentence="The similarity of first filters at initialization predicts that after training, for large networks "
        "and not for small ones.",
        where="section 4.2; figure 4",
        kind="more",
        margin=1.0,
        margin_from="none is needed: nothing is tested",
        readings=(),
        beyond="one number for each network is printed; `medtransfer table transfusion-figure-4` makes it here, with "
        "the bootstrap interval of its R²",
    )
