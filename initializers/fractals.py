"""Fractals: supervised pretraining on formula-driven images (Kataoka et al. 2020), a run like any other."""

from __future__ import annotations

from dataclasses import dataclass

from initializers.trained import TrainedHere
from specs.card import Card
from specs.expression import Call
from specs.run import Pretraining


@dataclass(frozen=True)
class Fractals(TrainedHere):
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
