"""Tiny: a residual network for tests, the demo and small images, quick on one CPU core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specs.titles import Words

if TYPE_CHECKING:
    from backbones.networks.contract import Backbone

WORDS: Words = {"width": "width {width}", "slim": {True: "slim"}}


def tiny(width: int = 16, in_channels: int = 3, slim: bool = False) -> Backbone:
    """Four stages at strides 1, 2, 4 and 8 with ``width``, 2, 4 and 8 times ``width`` channels.

    Args:
        width: the number of channels of the first stage.
        in_channels: the number of channels of the input images.
        slim: whether the last two stages are half as wide, as those of ``resnet50_slim`` are.
    """
    from backbones.networks.tiny import tiny_backbone

    return tiny_backbone((width, 2 * width, *((2 * width, 4 * width) if slim else (4 * width, 8 * width))), in_channels)
