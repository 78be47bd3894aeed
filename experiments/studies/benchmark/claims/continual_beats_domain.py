"""Continual pretraining beats domain images alone (table 2)."""

from __future__ import annotations

from experiments.ledger.claim import Claim
from experiments.studies.benchmark.domain_pairs import over_pairs
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.tables.preset import Profile


def continual_beats_domain(profile: Profile = "paper") -> Claim:
    """Pretraining on natural images and then on chest x-rays is better than on these chest x-rays alone."""
    return Claim(
        sentence="Pretraining on natural images and then on chest x-rays is better than on these chest x-rays alone.",
        where="abstract; table 2",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(over_pairs(profile, "both", "domain"),),
    )
