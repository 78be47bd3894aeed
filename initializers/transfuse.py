"""Transfuse: another initializer's weights up to a stage, the rest random (weight transfusion)."""

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
class Transfuse(Initializer):
    """A source's weights for the first stages, with all later stages drawn anew (Raghu et al. 2019, section 5).

    Only the stages that are taken must fit the backbone, so that later ones may have other widths: Transfusion's slim
    network takes ``transfuse(x, through="layer2")`` of ResNet-50 weights.

    Attributes:
        source: the initializer that gives the first stages.
        through: the last stage that is taken from the source, such as ``conv1`` or ``layer2``. With the
            last of all nothing is drawn, and the source alone says the same.
    """

    source: Annotated[Call, "initializers"]
    through: str

    title: ClassVar[str] = "{source:initializers} up to {through}"
    draws: ClassVar[bool] = True

    def card(self) -> Card:
        """The source's card, with the last stage that is taken."""
        inner = build(self.source).card()
        return dataclasses.replace(inner, method=f"{inner.method} through {self.through}")

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """The source's tensors for the first stages, and random draws for the others."""
        from initializers.mixing.stages import named_stages, replaced

        names = [stage.name for stage in backbone.stages]
        (last,) = named_stages(backbone, (self.through,))
        later = tuple(names[names.index(last) + 1 :])
        return replaced(self, self.source, later, backbone, generator, weights_of)
