"""Reinit: another initializer's weights with some stages drawn anew."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from initializers.loading.contract import Initializer, Weights, WeightsOf, build
from specs.card import Card
from specs.expression import Call

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Reinit(Initializer):
    """A source's weights with the named stages drawn anew.

    Attributes:
        source: the initializer that gives the other stages.
        stages: the names of the stages that are drawn anew, such as ``("layer4",)``.
    """

    source: Annotated[Call, "initializers"]
    stages: tuple[str, ...]

    title: ClassVar[str] = "{source:initializers} without {stages}"
    draws: ClassVar[bool] = True

    def card(self) -> Card:
        """The source's card, with the stages that are drawn anew."""
        inner = build(self.source).card()
        return dataclasses.replace(inner, method=f"{inner.method} without {', '.join(self.stages)}")

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The source's tensors, and draws for the named stages."""
        from initializers.mixing.stages import named_stages, replaced

        return replaced(self, self.source, named_stages(backbone, self.stages), backbone, generator, weights_of)
