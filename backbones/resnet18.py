"""ResNet-18: torchvision's parameter names (He et al. 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

VERSION = 2
"""2: the last normalization of each residual branch starts at 1, as in torchvision; before, it started at 0."""


def resnet18(in_channels: int = 3) -> Backbone:
    """ResNet-18 with stages conv1 and layer1 to layer4.

    The initial weights are drawn as in torchvision, which the benchmark used: convolutions from a normal distribution
    of variance 2 / outputs (a kernel's pixels times its filters); scales of batch norm are 1, shifts 0.
    """
    from backbones.networks.timm import timm_backbone

    return timm_backbone("resnet18", in_channels)
