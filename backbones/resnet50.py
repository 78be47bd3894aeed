"""ResNet-50 (He et al. 2016, v1.5: the stride sits on the 3x3 convolution), torchvision's parameter names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone


def resnet50(in_channels: int = 3) -> Backbone:
    """ResNet-50 with stages conv1 and layer1 to layer4."""
    from backbones.networks.timm import timm_backbone

    return timm_backbone("resnet50", in_channels)
