"""Whether a run's numbers depend on which images share a device."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from backbones.networks.contract import Backbone
from lightning_modules.self_supervision.method import Method
from lightning_modules.task_module import supervised_module
from specs.card import IMAGENET
from specs.expression import Call
from specs.recipe import Recipe
from specs.registry import BACKBONES, DATASETS, METHODS
from specs.run import RunSpec


def estimates_statistics(spec: RunSpec) -> bool:
    """Whether any layer of the run's network normalizes by statistics of the training batch.

    A backbone that is not trained keeps to its running statistics.
    """
    return _estimated(spec.backbone, spec.dataset, spec.recipe)


@cache
def _estimated(backbone: Call, dataset: Call, recipe: Recipe) -> bool:
    """Build the network and look; the runs of a table share a few. It draws from no generator that others see."""
    with torch.random.fork_rng(devices=()):
        network: Backbone = BACKBONES.build(backbone)
        module: nn.Module
        if recipe.method is not None:
            method: Method = METHODS.build(recipe.method)
            module = method.learner(network, recipe.batch_size)
        else:
            module = supervised_module(network, DATASETS.build(dataset).task, recipe, IMAGENET)
    return any(isinstance(layer, _BatchNorm) and layer.training for layer in module.train().modules())
