"""LoRA: updates of low rank to linear and convolutional layers are trained, and merged at the end (Hu et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightning_modules.adapting.contract import Adaptation
from specs.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backbones.networks.contract import Backbone


@dataclass(frozen=True)
class Lora(Adaptation):
    """Train an update of low rank for the weight of every linear and convolutional layer; all else stays as it is.

    A weight W of shape (out, ...) becomes W + (alpha / rank) B A, where B is (out, rank) and starts at 0, and A is
    (rank, inputs) and starts as torch starts a linear layer; of a convolution, the inputs are those of one place of its
    kernel, in its group (Hu et al. 2022, https://arxiv.org/abs/2106.09685, section 4.1; as in
    https://github.com/microsoft/LoRA for linear layers). A layer whose weight has a smaller rank has an update of that
    rank. Biases, normalization layers, running statistics and position embeddings stay as they are. After the training
    the updates are added to the weights, so that the network has no more tensors than before.

    Attributes:
        rank: the rank of the updates, at least 1.
        alpha: the numerator of the factor that the updates are multiplied by, above 0.
    """

    rank: int = 8
    alpha: float = 16.0

    def __post_init__(self) -> None:
        """Check rank and alpha.

        Raises:
            UsageError: if one of them is not positive.
        """
        if self.rank < 1 or self.alpha <= 0:
            raise UsageError(
                f"lora: expected a rank of at least 1 and an alpha above 0, found {self.rank} and {self.alpha:g}."
            )

    def fits(self, backbone: Backbone) -> None:
        """Check that there are layers to update.

        Raises:
            UsageError: if the backbone has neither linear nor convolutional layers.
        """
        from lightning_modules.adapting.low_rank import updated_layers

        if not updated_layers(backbone.network):
            raise UsageError("lora: this network has neither linear nor convolutional layers. Use full or head.")

    def begin(self, backbone: Backbone) -> None:
        """Give every linear and convolutional layer an update of 0."""
        from lightning_modules.adapting.low_rank import add_updates

        add_updates(backbone.network, self.rank, self.alpha)

    def trains(self, backbone: Backbone, name: str) -> bool:
        """Whether the parameter is part of an update."""
        from lightning_modules.adapting.low_rank import is_update

        return is_update(name)

    def resting(self, backbone: Backbone) -> Iterable[nn.Module]:
        """The whole backbone stays in evaluation mode."""
        return (backbone,)

    def end(self, backbone: Backbone, start: Mapping[str, Tensor]) -> None:
        """Add the updates to the weights."""
        from lightning_modules.adapting.low_rank import merge_updates

        merge_updates(backbone.network)
