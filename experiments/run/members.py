"""The runs whose networks a run averages, which differ from it by adaptation and seed."""

from __future__ import annotations

import dataclasses

from initializers.loading.contract import build, differs_by_seed
from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError
from specs.expression import Call
from specs.registry import ADAPTATIONS, INITIALIZERS
from specs.run import RunSpec

APART = 100_000
"""How much higher the seed of each member is than that of the one before; no row of a table has so many runs."""


def members_of(spec: RunSpec) -> tuple[RunSpec, ...]:
    """The runs whose networks a run averages; empty for a run that trains or solves its own.

    The first one has the run's seed, so that it is the full fine-tuning with this seed.

    Raises:
        UsageError: if the networks would start from different weights.
    """
    adaptation: Adaptation = ADAPTATIONS.build(spec.recipe.adaptation)
    check_same_start(spec.initializer, spec.recipe.adaptation)
    recipe = dataclasses.replace(spec.recipe, adaptation="full")
    return tuple(
        dataclasses.replace(spec, recipe=recipe, seed=spec.seed + APART * number)
        for number in range(adaptation.averaged)
    )


def check_same_start(initializer: Call | str, adaptation: Call | str) -> None:
    """Refuse to average networks that start from different weights, since their seeds differ.

    Args:
        initializer: the expression of the weights that the networks start from.
        adaptation: the expression of the adaptation, such as ``soup(3)``.

    Raises:
        UsageError: names the weights, and what fits.
    """
    adapted: Adaptation = ADAPTATIONS.build(adaptation)
    if adapted.averaged and differs_by_seed(build(initializer)):
        raise UsageError(
            f"{ADAPTATIONS.short(adaptation)} averages networks that start from the same weights, and "
            f"{INITIALIZERS.short(initializer)} is drawn anew for each seed. Expected weights that are the same for "
            "each seed, such as imagenet or fractals; adapt drawn ones by full."
        )
