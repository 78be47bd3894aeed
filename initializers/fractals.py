"""Fractals: supervised pretraining on formula-driven images (Kataoka et al. 2020), a run like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from initializers.contract import Initializer, Weights, WeightsOf
from initializers.trained import trained_weights
from specs.card import Card
from specs.expression import Call
from specs.run import Pretraining

if TYPE_CHECKING:
    import torch

    from backbones.contract import Backbone


@dataclass(frozen=True)
class Fractals(Initializer):
    """The backbone trained to tell fractal classes apart, from random weights.

    Attributes:
        recipe: of the pretraining, as STUDY/NAME; None takes the run spec's.
    """

    recipe: str | None = None

    def card(self) -> Card:
        """Trained here, on images that a formula makes."""
        return Card(
            method="supervised",
            paper='Kataoka et al. 2020, "Pre-training without Natural Images", https://arxiv.org/abs/2101.08515',
            training_data=("fractals",),
        )

    def requires(self) -> tuple[Pretraining, ...]:
        """The pretraining run."""
        return (Pretraining(Call("fractals"), Call("random"), self.recipe),)

    def identity(self) -> dict[str, Any]:
        """Empty: the key of the pretraining run says it all."""
        return {}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The pretraining run's weights."""
        return trained_weights(self.requires()[0], weights_of)
