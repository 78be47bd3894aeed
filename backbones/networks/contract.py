"""The contract that every backbone keeps: one network with named stages, their feature maps, and pooled features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Stage:
    """A contiguous part of a backbone that ends in a feature map.

    Attributes:
        name: the stage's name, such as ``conv1`` or ``layer3``.
        channels: the number of channels of the stage's feature map.
        stride: the number of pixels of the input per pixel of the feature map, in each direction.
        prefixes: the names of the modules (without a trailing dot) whose tensors in the state dict belong to the stage.
    """

    name: str
    channels: int
    stride: int
    prefixes: tuple[str, ...]


class Backbone(nn.Module):
    """A network without a classifier, which classification and segmentation share.

    Args:
        build: a function that makes the network with its architecture's own random initialization.
        stages: the stages in order; together they hold every tensor of the network's state dict, each once.
        in_channels: the number of channels of the input images.
        num_features: the length of the pooled feature vector.
        features: a function of (network, input of shape (B, in_channels, H, W)) that gives one feature map per stage,
            each (B, stage.channels, about H / stage.stride, about W / stage.stride).
        pooled: a function of (network, input) that gives the pooled features, (B, num_features).
        image_size: the height and width in pixels of the only input size that it takes, or None where it takes any.
        residual_ends: the names of the last weight of each residual branch, mostly a normalization layer's. Where they
            are 0, each block starts as its shortcut alone (Goyal et al. 2017, "Accurate, Large Minibatch SGD", section
            5.1); ``build`` leaves normalization layers at 1.

    Raises:
        ValueError: if the stages do not partition the state dict, or a residual end is no tensor of it.
    """

    def __init__(
        self,
        *,
        build: Callable[[], nn.Module],
        stages: Sequence[Stage],
        in_channels: int,
        num_features: int,
        features: Callable[[nn.Module, Tensor], list[Tensor]],
        pooled: Callable[[nn.Module, Tensor], Tensor],
        image_size: int | None = None,
        residual_ends: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._build, self._features, self._pooled = build, features, pooled
        self.network = build()
        self.stages = tuple(stages)
        self.in_channels, self.num_features = in_channels, num_features
        self.image_size, self.residual_ends = image_size, tuple(residual_ends)
        weights = self.weights()
        for key in weights:
            self.stage_of(key)
        if unknown := [name for name in self.residual_ends if name not in weights]:
            raise ValueError(f"residual ends must be tensors of the network, found {unknown}")

    def features(self, x: Tensor) -> list[Tensor]:
        """One feature map per stage, in order; ``x`` is (B, in_channels, H, W)."""
        return self._features(self.network, x)

    def forward(self, x: Tensor) -> Tensor:
        """Pooled features of shape (B, num_features); ``x`` is (B, in_channels, H, W)."""
        return self._pooled(self.network, x)

    def weights(self) -> dict[str, Tensor]:
        """The network's state dict under its canonical names (torchvision's for ResNets)."""
        return self.network.state_dict()

    def stage_of(self, key: str) -> str:
        """The name of the stage that a tensor of the state dict belongs to.

        Raises:
            ValueError: if no stage, or more than one, holds the tensor.
        """
        names = [
            stage.name
            for stage in self.stages
            if any(key == prefix or key.startswith(prefix + ".") for prefix in stage.prefixes)
        ]
        if len(names) != 1:
            raise ValueError(f"the tensor {key} must belong to exactly one stage, found {names or 'none'}")
        return names[0]

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """New random weights, drawn by the architecture's own initialization.

        The draws depend on ``generator`` alone: the global random state is neither read nor changed.
        """
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._build().state_dict()
