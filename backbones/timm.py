"""timm: any other of its models that yields intermediate features, such as timm("convnext_tiny")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backbones.networks.architectures import entry_of
from specs.errors import UsageError

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

TITLE = "{name} of timm"

VERSION = 2
"""2: the last normalization of residual branches starts at 1 where timm starts it at 0 (ResNet, RegNet, CSPNet ...)."""


def timm(name: str, in_channels: int = 3, image_size: int | None = None, patch_size: int | None = None) -> Backbone:
    """A timm architecture by its name.

    The initial weights are timm's, which for most architectures follow the authors' code. EfficientNet's convolutions
    are drawn from a normal distribution of variance 2 / outputs, where depthwise ones count the outputs of their group
    (as in TensorFlow). ConvNeXt, Swin and ViT are drawn with standard deviation 0.02, the patch embedding of Swin and
    ViT as torch draws convolutions. ``backbones.networks.timm.backbone_of`` makes two exceptions. One value is not the
    authors': a ViT's class token has the standard deviation 1e-6, where DeiT's code has 0.02 and the ViT paper's has 0.

    Args:
        name: the name of the architecture in timm, without a tag.
        in_channels: the number of channels of the input images.
        image_size: the height and width in pixels that a transformer is built for; None: the architecture's own.
        patch_size: the height and width of a transformer's patches in pixels; None: the architecture's own.

    Raises:
        UsageError: if timm has no such model, it yields no features or has no such sizes, or it is registered under
            its own name.
    """
    if (own := entry_of(name)) is not None:
        raise UsageError(f'the backbone "{name}" has a name of its own: write {own} instead of timm("{name}").')
    from backbones.networks.timm import timm_backbone

    return timm_backbone(name, in_channels, image_size, patch_size)
