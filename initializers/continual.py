"""Continual pretraining: another initializer's weights, trained on with the labels of a further dataset."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar

from initializers.loading.trained import TrainedHere, check_method
from specs.card import Card
from specs.expression import Call, parse
from specs.run import Pretraining
from specs.titles import Words


@dataclass(frozen=True)
class Continual(TrainedHere):
    """Weights from domain-adaptive pretraining (Hosseinzadeh Taher et al., DART 2021, Table 2).

    Attributes:
        source: the initializer that the pretraining starts from; ``random`` gives pretraining in the domain alone.
        on: the dataset that is trained on.
        recipe: the recipe of the pretraining, as STUDY/NAME; None takes the run spec's, or the one that is named like
            the method.
        method: the name of a self-supervised method, such as ``simclr_v1``; None learns from labels.
    """

    source: Annotated[Call, "initializers"]
    on: Annotated[str, "datamodules"]
    recipe: str | None = None
    method: str | None = None

    title: ClassVar[str] = "{source:initializers}, then {on:datasets}"
    words: ClassVar[Words] = {"method": "by {method:methods}", "recipe": "recipe {recipe}"}

    def __post_init__(self) -> None:
        """Check the name of the method.

        Raises:
            UsageError: lists the near matches if there is no such method.
        """
        if self.method is not None:
            check_method(self.method)

    def card(self) -> Card:
        """The card of the pretraining, with the paper that studied it."""
        return dataclasses.replace(
            super().card(), paper="Hosseinzadeh Taher et al. 2021, https://arxiv.org/abs/2108.05930"
        )

    def requires(self) -> tuple[Pretraining, ...]:
        """The pretraining run that makes these weights."""
        return (Pretraining(parse(self.on), self.source, self.recipe, self.method),)
