"""Head: the head or decoder alone is trained, with augmentation, on a backbone that stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightning_modules.adapting.contract import Adaptation

if TYPE_CHECKING:
    from torch import nn

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Head(Adaptation):
    """Train the head, or for masks the decoder and its head, on the features of the initializer's weights.

    The backbone keeps every tensor, running statistics included. ``probe`` solves the same linear head exactly, without
    augmentation.
    """

    def trains(self, backbone: Backbone, name: str) -> bool:
        """No parameter of the backbone is trained."""
        return False

    def resting(self, backbone: Backbone) -> Iterable[nn.Module]:
        """The whole backbone stays in evaluation mode."""
        return (backbone,)
