"""Random: the architecture's own initialization, drawn anew for each seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from initializers.loading.contract import Initializer, Weights, WeightsOf
from specs.card import Card
from specs.titles import Words

if TYPE_CHECKING:
    import torch

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Random(Initializer):
    """Training from scratch.

    A ResNet is drawn as torchvision's: convolutions from He's normal distribution by their outputs (He et al. 2015,
    https://arxiv.org/abs/1502.01852), scales of normalization layers 1, shifts 0. What other networks start from, their
    backbones say.

    Attributes:
        residual: how the last normalization of each residual branch is scaled at the start. ``one``: as all others, as
            in torchvision, TF-Slim and He et al. 2016. ``zero``: by 0, so that each block is its shortcut alone (Goyal
            et al. 2017, https://arxiv.org/abs/1706.02677, section 5.1); where a branch normalizes before it convolves,
            its last convolution is 0 instead. All other tensors are the same draws, and a network without residual
            branches, or without such an option in timm, starts the same either way.
    """

    residual: Literal["one", "zero"] = "one"

    words: ClassVar[Words] = {"residual": {"zero": "residual branches at zero"}}

    def card(self) -> Card:
        """Nothing was trained."""
        return Card(method="random")

    def identity(self) -> dict[str, Any]:
        """The argument where it is not the default, without which runs were once made."""
        return {} if self.residual == "one" else {"residual": self.residual}

    def state_dict(self, backbone: Backbone, generator: torch.Generator, weights_of: WeightsOf) -> Weights:
        """New draws by the backbone's own initialization."""
        import torch

        tensors = backbone.draw(generator)
        ends = backbone.residual_ends if self.residual == "zero" else ()
        return Weights(
            tensors | {name: torch.zeros_like(tensors[name]) for name in ends},
            transformed=dict.fromkeys(ends, "set to 0: the end of a residual branch"),
            drawn=tuple(tensors),
            source="the architecture's own random initialization"
            + (f", {len(ends)} residual branches starting at 0" if ends else ""),
        )
