"""Updates of low rank of a network's weights, as torch parametrizations."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""The layers whose weights get an update."""

UPDATE = ".parametrizations.weight.0."
"""What the names of an update's tensors contain, behind the name of the layer."""


class LowRankUpdate(nn.Module):
    """A parametrization that adds scale * up @ down to a weight, where the product has the rank of the smaller of them.

    ``up`` starts at 0, so that the weight is unchanged at first, and ``down`` is drawn from the global random state as
    torch draws a linear layer's weight.

    Args:
        weight: the weight that is updated, (out, ...).
        rank: the largest rank of the update.
        alpha: the scale of the update, times the rank.
    """

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        outputs, inputs = len(weight), weight[0].numel()
        inner = min(rank, outputs, inputs)
        self.scale = alpha / rank
        self.down = nn.Parameter(weight.new_empty(inner, inputs))
        self.up = nn.Parameter(weight.new_zeros(outputs, inner))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with its update, in the weight's own precision even where autocast is on."""
        with torch.autocast(weight.device.type, enabled=False):
            return weight + (self.scale * (self.up @ self.down)).view(weight.shape)


def updated_layers(network: nn.Module) -> list[nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d]:
    """The layers of a network whose weights get an update."""
    return [module for module in network.modules() if isinstance(module, LAYERS)]


def add_updates(network: nn.Module, rank: int, alpha: float) -> None:
    """Give the weight of every linear and convolutional layer an update of 0.

    Args:
        network: the network, which is changed in place.
        rank: the largest rank of an update.
        alpha: the scale of the updates, times the rank.
    """
    for layer in updated_layers(network):
        parametrize.register_parametrization(layer, "weight", LowRankUpdate(layer.weight, rank, alpha))


def is_update(name: str) -> bool:
    """Whether the parameter of this name is part of an update."""
    return UPDATE in name


def merge_updates(network: nn.Module) -> None:
    """Add all updates to their weights, which have their former names again."""
    for module in list(network.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
            for name in [name for name in module._parameters if name != "weight"]:  # the weight comes first again
                module._parameters[name] = module._parameters.pop(name)
