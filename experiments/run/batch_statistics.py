"""Whether a run estimates batch norm's statistics by batch, and whether its network can be trained on one image."""

from __future__ import annotations

from contextlib import suppress
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
from specs.task import Task


def estimates_statistics(spec: RunSpec) -> bool:
    """Whether any layer of the run's network normalizes by statistics of the training batch.

    A backbone that is not trained uses its running statistics.
    """
    return _estimated(spec.backbone, spec.dataset, spec.recipe)


@cache
def trains_on_one(backbone: Call, task: Task, channels: int, recipe: Recipe) -> bool:
    """Whether the network of a recipe can be trained on a batch of a single image.

    Batch norm needs at least two values of each channel, and their number depends on the network and on the image's
    size. So the network is built, without changing the global random state, and given one image. A self-supervised
    method compares the images of a batch: it takes a single one only if no layer estimates statistics by batch.
    """
    with torch.random.fork_rng(devices=()), torch.no_grad():
        network: Backbone = BACKBONES.build(backbone)
        if recipe.method is not None:
            method: Method = METHODS.build(recipe.method)
            learner: nn.Module = method.learner(network, 2)
            return not any(isinstance(layer, _BatchNorm) and layer.training for layer in learner.train().modules())
        module = supervised_module(network, task, recipe, IMAGENET).train()
        alone = list[bool]()

        def look(layer: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            alone.append(layer.training and given[0].numel() == given[0].shape[1])

        for layer in module.modules():
            if isinstance(layer, _BatchNorm):
                layer.register_forward_pre_hook(look)
        size = recipe.image_size
        with suppress(ValueError):  # torch raises it for a batch with one value per channel
            module(torch.zeros(1, channels, size, size, dtype=torch.uint8))
        return not any(alone)


@cache
def _estimated(backbone: Call, dataset: Call, recipe: Recipe) -> bool:
    """Build the network and look at its layers, without changing the global random state.

    The answer is cached, because the runs of a table share few networks.
    """
    with torch.random.fork_rng(devices=()):
        network: Backbone = BACKBONES.build(backbone)
        module: nn.Module
        if recipe.method is not None:
            method: Method = METHODS.build(recipe.method)
            module = method.learner(network, recipe.batch_size)
        else:
            module = supervised_module(network, DATASETS.build(dataset).task, recipe, IMAGENET)
    return any(isinstance(layer, _BatchNorm) and layer.training for layer in module.train().modules())
