"""What of a recipe is part of a run's identity."""

from __future__ import annotations

from typing import Any

from lightning_modules.adapting.contract import Adaptation
from lightning_modules.adapting.solved import OF_HEADS
from specs.recipe import Recipe
from specs.registry import ADAPTATIONS, METHODS

AUGMENTATION_VERSION = 2
"""Raised on purpose when the same steps by albumentations give other images; runs without such steps leave it out.

2: a sample's steps draw independently, and those of segmentation do what albumentations 0.4.3 did.
"""

UNMENTIONED = {"trained": "all", "memory_format": "contiguous", "compiled": False, "deterministic": False}
"""Settings that recipes did not have at first, with the values that reproduce what runs did then."""

UNMENTIONED_OF_OPTIMIZERS = {"decayed": "all"}
"""Settings that optimizers did not have at first, with the values that reproduce what runs did then."""


def identified(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings as plain data for the identity, with the method's arguments written out.

    Settings of methods are left out if there is none, and so are later settings at values that change nothing: the
    keys of runs from before these settings stay valid.
    """
    plain = {name: value for name, value in recipe.to_json().items() if (name, value) not in UNMENTIONED.items()}
    later = UNMENTIONED_OF_OPTIMIZERS.items()
    if "adaptation" in plain:  # one of the two first ones is called ``trained`` and has no version
        adaptation: Adaptation = ADAPTATIONS.build(plain["adaptation"])
        plain["adaptation"] = {"expression": str(ADAPTATIONS.bind(plain["adaptation"])), "version": adaptation.version}
        if adaptation.solved:
            return {name: value for name, value in plain.items() if name in OF_HEADS}
    plain["optimizer"] = {name: value for name, value in plain["optimizer"].items() if (name, value) not in later}
    by_albumentations = recipe.method is not None or recipe.pipeline == "albumentations"
    if by_albumentations and (recipe.augmentation or any(views.augmentation for views in recipe.views)):
        plain["augmentation_version"] = AUGMENTATION_VERSION
    if recipe.method is not None:
        version: int = METHODS.build(recipe.method).version
        changed = {"method_version": version} if version != 1 else {}
        return plain | {"method": str(METHODS.bind(recipe.method))} | changed
    return {name: value for name, value in plain.items() if name not in ("method", "views", "images")}
