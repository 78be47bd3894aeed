"""The runs whose networks a run averages, which differ from it by adaptation and seed."""

from __future__ import annotations

import dataclasses

from lightning_modules.adapting.contract import Adaptation
from specs.registry import ADAPTATIONS
from specs.run import RunSpec

APART = 100_000
"""How much higher the seed of each member is than that of the one before; no row of a table has so many runs."""


def members_of(spec: RunSpec) -> tuple[RunSpec, ...]:
    """The runs whose networks a run averages; empty for a run that trains or solves its own.

    The first one has the run's seed, so that it is the full fine-tuning with this seed.
    """
    adaptation: Adaptation = ADAPTATIONS.build(spec.recipe.adaptation)
    recipe = dataclasses.replace(spec.recipe, adaptation="full")
    return tuple(
        dataclasses.replace(spec, recipe=recipe, seed=spec.seed + APART * number)
        for number in range(adaptation.averaged)
    )
