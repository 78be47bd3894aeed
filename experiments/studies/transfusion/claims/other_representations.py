"""Large networks learn other representations from pretrained weights than from random ones (figure 2)."""

from __future__ import annotations

from experiments.ledger.claim import Claim
from experiments.tables.preset import Profile


def other_representations(profile: Profile = "paper") -> Claim:
    """Fine-tuned large networks differ more between starts than among random starts, and small ones less so."""
    return Claim(
        sentence="Large networks learn other representations from pretrained weights than from random ones, and small "
        "ones less so.",
        where="section 4.1; figure 2",
        kind="more",
        margin=1.0,
        margin_from="none is needed: nothing is tested",
        readings=(),
        beyond="the figure prints no spread; `medtransfer table transfusion-figure-2` makes it here, with a "
        "permutation test of its own",
    )
