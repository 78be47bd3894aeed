"""Any other timm model that yields intermediate features: timm("convnext_tiny"), timm("vit_small_patch16_224")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specs.errors import UsageError
from specs.registry import BACKBONES

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone


def timm(name: str, in_channels: int = 3, image_size: int | None = None, patch_size: int | None = None) -> Backbone:
    """A timm architecture by its name.

    Args:
        name: of the architecture, without a tag.
        in_channels: of the input.
        image_size: height and width in pixels that a transformer is built for; None: the architecture's own.
        patch_size: height and width of a transformer's patches in pixels; None: the architecture's own.

    Raises:
        UsageError: if timm has no such model, it yields no features or has no such sizes, or it is registered under
            its own name.
    """
    if name in BACKBONES.entries:
        raise UsageError(f'the backbone "{name}" has a name of its own: write {name} instead of timm("{name}").')
    from backbones.networks.timm import timm_backbone

    return timm_backbone(name, in_channels, image_size, patch_size)
