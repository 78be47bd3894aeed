"""Norms: the normalization layers of the backbone are trained, all else of it stays as it is (Frankle et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Norms(Adaptation):
    """Train the scales and shifts of the backbone's normalization layers.

    Running statistics of batch norm adapt, as in full fine-tuning (Frankle et al. 2021,
    https://arxiv.org/abs/2003.00152, train them on random weights).
    """

    def fits(self, backbone: Backbone) -> None:
        """Check that there is something to train.

        Raises:
            UsageError: if no normalization layer of the backbone has parameters.
        """
        from lightning_modules.adapting.norm_layers import parameters_of_norms

        if not parameters_of_norms(backbone.network):
            raise UsageError("norms: no normalization layer of this network has parameters to train. Use full or head.")

    def trains(self, backbone: Backbone, name: str) -> bool:
        """Whether the parameter belongs to a normalization layer."""
        from lightning_modules.adapting.norm_layers import parameters_of_norms

        return name in parameters_of_norms(backbone.network)
