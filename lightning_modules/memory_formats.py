"""The memory format that a recipe's ``auto`` stands for: a rule by the network's layers, the same on every machine."""

from __future__ import annotations

import dataclasses

from torch import nn

from lightning_modules.crashing import crashing_layers
from specs.recipe import MemoryFormat, Recipe


def with_memory_format(recipe: Recipe, backbone: nn.Module) -> Recipe:
    """The recipe with the memory format that ``auto`` stands for; a recipe that names a format is returned unchanged.

    Args:
        recipe: the recipe of a training.
        backbone: the network that is trained, perhaps without values, on the meta device.
    """
    if recipe.memory_format != "auto":
        return recipe
    return dataclasses.replace(recipe, memory_format=chosen_format(backbone))


def chosen_format(backbone: nn.Module) -> MemoryFormat:
    """``channels_last_small`` for a network with depthwise convolutions, and ``contiguous`` for any other one.

    On a CPU a step of EfficientNet-Lite0 took 0.85 s in ``channels_last`` and 1.11 s otherwise (16 images of 112
    pixels, forward and backward, one thread); of a ConvNeXt and a ResNet-18 both took the same. At 32 pixels most of a
    step is spent on small maps, which are computed by other means (``lightning_modules.small_maps``).
    Measure others with ``benchmarks/train_step.py``. A network with a layer that torch cannot train in that format on
    some processors gets ``contiguous`` on all of them: the rule reads the network alone, so that a run means the same
    everywhere.

    Args:
        backbone: the network that is trained, perhaps without values, on the meta device.
    """
    depthwise = any(_is_depthwise(layer) for layer in backbone.modules())
    return "channels_last_small" if depthwise and not any(crashing_layers(backbone)) else "contiguous"


def _is_depthwise(layer: nn.Module) -> bool:
    """Whether a layer is a convolution of two or more channels, each of which is filtered by itself."""
    return isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1
