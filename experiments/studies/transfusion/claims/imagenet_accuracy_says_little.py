"""ImageNet accuracy does not predict medical performance (section 3)."""

from __future__ import annotations

from experiments.ledger.claim import Claim
from experiments.tables.preset import Profile


def imagenet_accuracy_says_little(profile: Profile = "paper") -> Claim:
    """ImageNet accuracy does not predict performance on medical images."""
    return Claim(
        sentence="ImageNet accuracy does not predict performance on medical images.",
        where="section 3; table 1",
        kind="more",
        margin=1.0,
        margin_from="none is needed: nothing is tested",
        readings=(),
        beyond="of the ImageNet accuracies of table 1 no second source is at hand, and a rank correlation over the "
        "three networks that are confirmed can show nothing",
    )
