"""The memory format of a run whose recipe leaves it to the network."""

from __future__ import annotations

import dataclasses
from functools import cache

from specs.expression import Call
from specs.recipe import MemoryFormat
from specs.run import RunSpec


def with_format(spec: RunSpec) -> RunSpec:
    """The spec with the memory format that its recipe's ``auto`` stands for; other specs are returned unchanged.

    Run keys are made of the result, so that ``auto`` and the format that it stands for are one run, and a run's record
    says which format it is. The recipe of pretrainings that the run needs stays as it is: each of them is a run of its
    own, with its own network.
    """
    if spec.recipe.memory_format != "auto":
        return spec
    recipe = dataclasses.replace(spec.recipe, memory_format=_chosen(spec.backbone))
    return dataclasses.replace(spec, recipe=recipe)


@cache
def _chosen(backbone: Call) -> MemoryFormat:
    """Look at the layers of the network."""
    # Imported late, since most recipes name their format, and their plans need no torch.
    from backbones.networks.skeletons import skeleton
    from lightning_modules.memory_formats import chosen_format

    return chosen_format(skeleton(backbone))
