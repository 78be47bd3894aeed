"""timm: any other of its models that yields intermediate features, such as timm("convnext_tiny")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backbones.networks.architectures import entry_of
from specs.errors import UsageError

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

TITLE = "{name} of timm"

VERSION = 2
"""2: where timm would start the last normalization of residual branches at 0 (ResNet, RegNet, CSPNet ...), it is 1."""


def timm(name: str, in_channels: int = 3, image_size: int | None = None, patch_size: int | None = None) -> Backbone:
    """A timm architecture by its name.

    It starts as timm starts it, which for most follows the authors' code: EfficientNet's convolutions from a normal
    distribution of variance 2 / outputs, those of depth by the outputs of their group (TensorFlow's); ConvNeXt, Swin
    and ViT from one of standard deviation 0.02, with the patch embedding of Swin and ViT as torch starts convolutions.
    Two exceptions are in ``backbones.networks.timm.backbone_of``. Not the authors': a ViT's class token has the
    standard deviation 1e-6, where DeiT's code has 0.02 and the paper's own 0.

    Args:
        name: of the architecture, without a tag.
        in_channels: of the input.
        image_size: height and width in pixels that a transformer is built for; None: the architecture's own.
        patch_size: height and width of a transformer's patches in pixels; None: the architecture's own.

    Raises:
        UsageError: if timm has no such model, it yields no features or has no such sizes, or it is registered under
            its own name.
    """
    if (own := entry_of(name)) is not None:
        raise UsageError(f'the backbone "{name}" has a name of its own: write {own} instead of timm("{name}").')
    from backbones.networks.timm import timm_backbone

    return timm_backbone(name, in_channels, image_size, patch_size)
