"""An initializer of another distribution: all that a plugin needs is this file and an entry point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from initializers.loading.contract import Initializer, Weights, WeightsOf
from specs.card import Card

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Orthogonal kernels (Saxe et al. 2014, https://arxiv.org/abs/1312.6120); the rest as the architecture has it.

    Attributes:
        gain: the factor on each orthogonal matrix.
    """

    gain: float = 1.0

    def card(self) -> Card:
        """Nothing was trained."""
        return Card(method="random", paper="https://arxiv.org/abs/1312.6120")

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """New draws."""
        from torch import nn

        tensors = backbone.draw(generator)
        for tensor in tensors.values():
            if tensor.ndim > 1:
                nn.init.orthogonal_(tensor, self.gain, generator=generator)
        return Weights(tensors, drawn=tuple(tensors), source="random orthogonal matrices")
