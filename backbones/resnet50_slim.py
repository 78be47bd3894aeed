"""ResNet-50 slim: its last two stages half as wide (Raghu et al. 2019, Transfusion, section 5), 7.1 M parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

VERSION = 2
"""2: the last normalization of each residual branch starts at 1, as in torchvision; before, it started at 0."""


def resnet50_slim(in_channels: int = 3) -> Backbone:
    """Transfusion's hybrid: stages up to layer2 as in ResNet-50, layer3 and layer4 of half the width.

    With a classifier of five classes it has 7,140,421 parameters, against 23,518,277 of ResNet-50. The paper loads
    pretrained weights up to layer2: ``transfuse(x, through="layer2")``. Initial weights are drawn as in ``resnet50``.
    """
    from functools import partial

    from timm.models.resnet import Bottleneck, ResNet

    from backbones.networks.timm import backbone_of

    block: Any = Bottleneck  # timm's annotation asks for an instance
    build = partial(ResNet, block, (3, 4, 6, 3), channels=(64, 128, 128, 256), num_classes=0, in_chans=in_channels)
    return backbone_of(build, "resnet50_slim", in_channels)
