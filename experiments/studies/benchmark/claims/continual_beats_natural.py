"""Continual pretraining beats natural images alone (table 2)."""

from __future__ import annotations

from experiments.ledger.claim import Claim
from experiments.studies.benchmark.domain_pairs import over_pairs
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.studies.demo import domain, plenty
from experiments.studies.demo.readings import in_world
from experiments.studies.demo.shared import SOURCE
from experiments.tables.preset import Profile


def continual_beats_natural(profile: Profile = "paper") -> Claim:
    """Pretraining on natural images and then on chest x-rays is better than on natural images alone."""
    return Claim(
        sentence="Pretraining on natural images and then on chest x-rays is better than on natural images alone.",
        where="abstract; table 2",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(over_pairs(profile, "both", "natural"),),
        worlds=(
            in_world("domain", domain.BOTH, domain.NATURAL, holds=True),
            in_world("plenty", plenty.BOTH, SOURCE, holds=False),
        ),
    )
