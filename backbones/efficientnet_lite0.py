"""EfficientNet-Lite0: for small devices (Tan and Le 2019), as TensorFlow computes it, 3.4 M parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

ARCHITECTURE = "tf_efficientnet_lite0"
"""The network's name in timm, whose ``efficientnet_lite0`` is another network, which pads as torch does."""


def efficientnet_lite0(in_channels: int = 3) -> Backbone:
    """EfficientNet-Lite0 with the stages blocks.0, blocks.1, blocks.2, blocks.4 and blocks.6, at strides 2 to 32.

    It is EfficientNet-B0 without squeeze and excitation and with ReLU6, made for 224 pixels; it takes any size. The
    stem belongs to the stage blocks.0, blocks.3 to the stage blocks.4, and blocks.5 and what follows the blocks to the
    stage blocks.6. Strided convolutions pad as TensorFlow's SAME does, and batch norm adds 0.001 to the variance. Its
    running statistics move by a tenth in each step, as torch's do, where TensorFlow's move by a hundredth.

    The initial weights are drawn as in TensorFlow: convolutions from a normal distribution of variance 2 / outputs,
    where depthwise convolutions count the outputs of their group; scales of batch norm are 1, shifts 0.

    Source: https://github.com/tensorflow/tpu, models/official/efficientnet/lite.
    """
    from backbones.networks.timm import timm_backbone

    return timm_backbone(ARCHITECTURE, in_channels)
