"""Fractals: supervised pretraining on formula-driven images (Kataoka et al. 2020), a run like any other."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from initializers.loading.trained import TrainedHere
from initializers.supervised import Supervised
from specs.card import Card
from specs.run import Pretraining
from specs.titles import Words


@dataclass(frozen=True)
class Fractals(TrainedHere):
    """Weights from supervised pretraining on fractals: another name for ``supervised(on="fractals")``, with its key.

    Attributes:
        recipe: the recipe of the pretraining, as STUDY/NAME; None takes the run spec's.
    """

    recipe: str | None = None

    words: ClassVar[Words] = {"recipe": "recipe {recipe}"}

    def card(self) -> Card:
        """The card of the pretraining, with the paper that introduced it."""
        paper = 'Kataoka et al. 2020, "Pre-training without Natural Images", https://arxiv.org/abs/2101.08515'
        return dataclasses.replace(super().card(), paper=paper)

    def requires(self) -> tuple[Pretraining, ...]:
        """The pretraining run that makes these weights."""
        return Supervised("fractals", recipe=self.recipe).requires()
