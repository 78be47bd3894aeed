"""A run's network as it is before the first training step."""

from __future__ import annotations

from pathlib import Path

import torch

from backbones.contract import Backbone
from experiments.places import Places
from experiments.resolve import Resolver
from experiments.store import RunStore
from experiments.training import seed_everything
from initializers.contract import Initializer
from initializers.loading import LoadReport, initialize
from specs.errors import RunError, UsageError
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import BACKBONES, INITIALIZERS
from specs.run import Pretraining, RunSpec

WEIGHTS = "weights.safetensors"
"""In a pretraining run's folder: the backbone's tensors under their canonical names."""


def built_backbone(expression: Call, recipe: Recipe) -> Backbone:
    """A backbone that takes a recipe's images.

    Raises:
        UsageError: if it takes images of another size only.
    """
    backbone: Backbone = BACKBONES.build(expression)
    if backbone.image_size not in (None, recipe.image_size):
        raise UsageError(
            f"{BACKBONES.short(expression)} takes images of {backbone.image_size} pixels only, and the recipe's "
            f"have {recipe.image_size}. Build it with image_size={recipe.image_size}, and the initializer brings its "
            "position embeddings to that size."
        )
    return backbone


def initialized(spec: RunSpec, places: Places, devices: int = 1) -> tuple[Backbone, LoadReport]:
    """The backbone with the initializer's weights; the same spec gives the same ones.

    Args:
        spec: of the run.
        places: where data and runs are.
        devices: that share the run and share or have shared those that it starts from.

    Raises:
        UsageError: if the backbone does not take images of the recipe's size.
        RunError: if a run whose weights are needed is not done.
        WeightsError: if the weights are not there or do not fit.
    """
    store = RunStore(places.runs)
    seed_everything(spec.seed, "construction")  # what it draws is overwritten, all of it, by the initializer
    backbone = built_backbone(spec.backbone, spec.recipe)
    initializer: Initializer = INITIALIZERS.build(spec.initializer)
    resolver = Resolver(places, devices)

    def weights_of(need: Pretraining) -> Path:
        required = resolver.required(spec, need)
        record = store.record(required.key)
        if record is None:
            raise RunError(
                f"{spec.initializer} starts from the run {required.key[:12]} ({required.spec.initializer} trained on "
                f"{required.spec.dataset}), which is not done. `medtransfer run` and `medtransfer table` do it first."
            )
        return record.file(WEIGHTS)

    # A pretraining must not begin with the very draw of a fine-tuning from random weights of the same seed: networks
    # that are compared would share it.
    purpose = "initializer" if spec.stage == "finetune" else "initializer of a pretraining"
    generator = torch.Generator().manual_seed(seed_everything(spec.seed, purpose))
    return backbone, initialize(backbone, initializer, generator, weights_of)
