"""Inception-v3 (Szegedy et al. 2016), torchvision's parameter names; images of 75 pixels or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone


def inception_v3(in_channels: int = 3) -> Backbone:
    """Inception-v3 without auxiliary classifier; unpadded convolutions make maps smaller than the strides say."""
    from backbones.networks.timm import timm_backbone

    return timm_backbone("inception_v3", in_channels)
