"""Random: the architecture's own initialization, drawn anew for each seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from initializers.loading.contract import Initializer, Weights, WeightsOf
from specs.card import Card

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Random(Initializer):
    """Training from scratch."""

    def card(self) -> Card:
        """Nothing was trained."""
        return Card(method="random")

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """New draws by the backbone's own initialization."""
        tensors = backbone.draw(generator)
        return Weights(tensors, drawn=tuple(tensors), source="the architecture's own random initialization")
