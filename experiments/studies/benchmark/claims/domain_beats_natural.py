"""Domain-adapted models beat ImageNet models (table 2)."""

from __future__ import annotations

from experiments.ledger.claim import Claim
from experiments.studies.benchmark.domain_pairs import over_pairs
from experiments.studies.benchmark.others import medical_beats_natural
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.studies.demo import domain, plenty
from experiments.studies.demo.readings import in_world
from experiments.studies.demo.shared import SOURCE
from experiments.tables.preset import Profile


def domain_beats_natural(profile: Profile = "paper") -> Claim:
    """Pretraining on chest x-rays is better than on natural images."""
    return Claim(
        sentence="Pretraining on chest x-rays alone is better than on natural images alone.",
        where="slides; table 2",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(over_pairs(profile, "domain", "natural"), *medical_beats_natural()),
        worlds=(
            in_world("domain", domain.ALONE, domain.NATURAL, holds=True),
            in_world("plenty", plenty.OTHER, SOURCE, holds=False),
        ),
    )
