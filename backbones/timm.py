"""Any other timm model that yields intermediate features: timm("convnext_tiny")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specs.errors import UsageError
from specs.registry import BACKBONES

if TYPE_CHECKING:
    from backbones.contract import Backbone


def timm(name: str, in_channels: int = 3) -> Backbone:
    """A timm architecture by its name.

    Raises:
        UsageError: if timm has no such model, it yields no features, or it is registered under its own name.
    """
    if name in BACKBONES.entries:
        raise UsageError(f'the backbone "{name}" has a name of its own: write {name} instead of timm("{name}").')
    from backbones.timm_networks import timm_backbone

    return timm_backbone(name, in_channels)
