"""ResNet-18 (He et al. 2016), torchvision's parameter names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone


def resnet18(in_channels: int = 3) -> Backbone:
    """ResNet-18 with stages conv1 and layer1 to layer4."""
    from backbones.networks.timm import timm_backbone

    return timm_backbone("resnet18", in_channels)
