"""The backbone of a run before the first training step, with the initializer's weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from backbones.networks.contract import Backbone
from experiments.run.paths import Paths
from experiments.run.resolve import ResolvedRun
from experiments.run.store import WEIGHTS, RunStore
from experiments.run.training import seed_everything
from initializers.loading.contract import Initializer
from initializers.loading.loading import LoadReport, initialize
from specs.errors import RunError, UsageError, WeightsError
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import BACKBONES, INITIALIZERS
from specs.run import Pretraining, RunSpec


def built_backbone(expression: Call, recipe: Recipe) -> Backbone:
    """Build a backbone that takes a recipe's images.

    Raises:
        UsageError: if the backbone takes only images of another size.
    """
    backbone: Backbone = BACKBONES.build(expression)
    if backbone.image_size not in (None, recipe.image_size):
        raise UsageError(
            f"{BACKBONES.short(expression)} takes images of {backbone.image_size} pixels only, and the recipe's "
            f"have {recipe.image_size}. Build it with image_size={recipe.image_size}, and the initializer brings its "
            "position embeddings to that size."
        )
    return backbone


def initialized(
    spec: RunSpec, paths: Paths, run_of: Callable[[Pretraining], ResolvedRun]
) -> tuple[Backbone, LoadReport]:
    """The backbone with the initializer's weights, and a report of them; the same spec gives the same weights.

    Args:
        spec: the run spec, which states the backbone, the initializer and the seed.
        paths: where data and runs are.
        run_of: a function that gives the run of a pretraining whose weights the initializer needs.

    Raises:
        UsageError: if the backbone does not take images of the recipe's size.
        RunError: if a run whose weights are needed is not done.
        WeightsError: if the weights are not there, do not fit, or come from somewhere that the run's key does not know.
    """
    store = RunStore(paths.runs)
    seed_everything(spec.seed, "construction")  # the initializer overwrites all weights that are drawn here
    backbone = built_backbone(spec.backbone, spec.recipe)
    initializer: Initializer = INITIALIZERS.build(spec.initializer)

    def weights_of(need: Pretraining) -> Path:
        required = run_of(need)
        record = store.record(required.key)
        if record is None:
            raise RunError(
                f"{spec.initializer} starts from the run {required.key[:12]} ({required.spec.initializer} trained on "
                f"{required.spec.dataset}), which is not done. `medtransfer run` and `medtransfer table` do it first."
            )
        return record.file(WEIGHTS)

    # A pretraining must not start from the same random weights as a fine-tuning from random weights with the same
    # seed: the networks that are compared would then share their start.
    purpose = "initializer of a pretraining" if spec.stage == "pretrain" else "initializer"
    generator = torch.Generator().manual_seed(seed_everything(spec.seed, purpose))
    report = initialize(backbone, initializer, generator, weights_of)
    _check_origin(initializer, report)
    return backbone, report


def _check_origin(initializer: Initializer, report: LoadReport) -> None:
    """Refuse weights that could change without changing the run's key.

    An initializer that uses neither a run nor another initializer must either draw every tensor, or have the hash of
    the file that it reads in its identity.

    Raises:
        WeightsError: names the initializer and what it has to state.
    """
    if initializer.requires() or initializer.nested() or _has_hash(initializer.identity()):
        return
    if given := [name for name in (*report.loaded, *report.transformed) if name not in report.drawn]:
        raise WeightsError(
            f"{initializer} brings {len(given)} tensors, such as {given[0]}, and its identity says nothing of where "
            "they come from, so the same run could have other weights tomorrow. Let its identity() give the sha256 of "
            "the file that it reads, or list the tensors that it draws in Weights(drawn=...)."
        )


def _has_hash(value: Any) -> bool:
    """Whether plain data contain a sha256 in hexadecimal, or a longer hash."""
    if isinstance(value, str):
        return re.fullmatch("[0-9a-f]{64,128}", value) is not None
    if isinstance(value, dict):
        return any(map(_has_hash, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_hash, value))
