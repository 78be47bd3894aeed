"""ResNet-50: v1.5, with the stride on the 3x3 convolution (He et al. 2016), torchvision's parameter names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

VERSION = 2
"""2: the last normalization of each residual branch starts at 1, as in torchvision; it started at 0."""


def resnet50(in_channels: int = 3) -> Backbone:
    """ResNet-50 with stages conv1 and layer1 to layer4.

    It starts as torchvision's, which the benchmark used: convolutions from a normal distribution of variance
    2 / outputs (a kernel's pixels times its filters), scales of batch norm 1, shifts 0. TF-Slim's, which Transfusion
    used, has variance 2 / inputs, cut at two standard deviations (``resnet_utils.resnet_arg_scope``).
    """
    from backbones.networks.timm import timm_backbone

    return timm_backbone("resnet50", in_channels)
