"""The decoder that a run's recipe names: whether the run can have it, and what it means for the run's identity."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from specs.errors import UsageError
from specs.expression import Call
from specs.quoting import plain
from specs.recipe import Recipe
from specs.registry import DATASETS
from specs.run import RunSpec

if TYPE_CHECKING:
    from backbones.networks.contract import Stage


def check_decoder(spec: RunSpec) -> None:
    """Refuse a recipe that names a decoder where the run has none, or one that does not fit the run's network.

    A recipe that names none is not looked at: whether any fits is found when the network is built.

    Raises:
        UsageError: says what to do, and which decoders fit.
    """
    decoder = spec.recipe.decoder
    if decoder == "auto":
        return
    if DATASETS.build(spec.dataset).kind != "segmentation":
        raise UsageError(
            f"recipe: decoder={plain(decoder)} is for segmentations, and {DATASETS.short(spec.dataset)} has no masks. "
            "Leave the decoder out."
        )
    from lightning_modules.decoder_choice import chosen_decoder

    chosen_decoder(_stages(spec.backbone), decoder)


def identifying(spec: RunSpec) -> Recipe:
    """A run's recipe without its decoder where it names the one that the run would have had anyway.

    So the two spellings are one run.
    """
    if spec.recipe.decoder == "auto":
        return spec.recipe
    from lightning_modules.decoder_choice import usual_decoder

    usual = usual_decoder(_stages(spec.backbone)) == spec.recipe.decoder
    return dataclasses.replace(spec.recipe, decoder="auto") if usual else spec.recipe


def _stages(backbone: Call) -> tuple[Stage, ...]:
    """The stages of a network."""
    from backbones.networks.skeletons import skeleton

    return skeleton(backbone).stages
