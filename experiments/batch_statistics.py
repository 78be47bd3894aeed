"""Whether a run's numbers depend on which images share a device."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from lightning_modules.self_supervision.method import Method
from specs.card import IMAGENET
from specs.registry import BACKBONES, DATASETS, METHODS
from specs.run import RunSpec


def estimates_statistics(spec: RunSpec) -> bool:
    """Whether any layer of the run's network normalizes by statistics of the training batch.

    The network is built, which draws from no generator that the caller sees. A backbone that is not trained keeps to
    its running statistics.
    """
    from experiments.restored import supervised_module  # which needs resolved runs, which need this

    with torch.random.fork_rng(devices=()):
        backbone = BACKBONES.build(spec.backbone)
        module: nn.Module
        if spec.recipe.method is not None:
            method: Method = METHODS.build(spec.recipe.method)
            module = method.learner(backbone, spec.recipe.batch_size)
        else:
            module = supervised_module(backbone, DATASETS.build(spec.dataset).task, spec.recipe, IMAGENET)
    return any(isinstance(layer, _BatchNorm) and layer.training for layer in module.train().modules())
