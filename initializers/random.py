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
    """Random weights, for training from scratch.

    A ResNet is drawn as in torchvision: convolutions from He's normal distribution by their outputs (He et al. 2015,
    https://arxiv.org/abs/1502.01852); scales of normalization layers are 1, shifts 0. The docstrings of the other
    backbones say how theirs are drawn.

    Attributes:
        residual: the initial scale of the last normalization of each residual branch. ``one``: like all others, as in
            torchvision, TF-Slim and He et al. 2016. ``zero``: 0, so that each block is its shortcut alone (Goyal et al.
            2017, https://arxiv.org/abs/1706.02677, section 5.1); where a branch normalizes before it convolves, its
            last convolution is 0 instead. All other tensors are the same draws. Both give the same weights for a
            network without residual branches, or without such an option in timm.
    """

    residual: Literal["one", "zero"] = "one"

    words: ClassVar[Words] = {"residual": {"zero": "residual branches at zero"}}
    draws: ClassVar[bool] = True

    def card(self) -> Card:
        """A card without training data, since nothing was trained."""
        return Card(method="random")

    def identity(self) -> dict[str, Any]:
        """The argument, if it is not the default, so that runs from before there was one keep their keys."""
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
