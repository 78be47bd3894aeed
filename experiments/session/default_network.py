"""The network that a comparison takes where none is named: one whose real weights pip brings, at a size that fits."""

from __future__ import annotations

NETWORK = "efficientnet_lite0"
"""The smallest network whose ImageNet weights come with ``medtransfer[weights]``."""

SMALLEST, LARGEST = 32, 224
"""Sides of its input in pixels: it halves the image five times, and its weights were trained at 224."""

STEP = 32
"""By which sizes differ, so that each halving is whole."""


def fitting_size(side: int) -> int:
    """The side of the input, in pixels, for images whose shorter side is ``side`` pixels: the nearest within bounds."""
    return min(max(round(side / STEP) * STEP, SMALLEST), LARGEST)


def remark(size: int, side: int | None) -> str:
    """What was chosen, why, and how to choose otherwise.

    Args:
        size: of the input, in pixels.
        side: the median of the training images' shorter sides, in pixels, if the size was chosen by it.
    """
    fitting = f", which fits the images (shorter side {side}, in the median)" if side is not None else ""
    return (
        f"{NETWORK} at {size} pixels{fitting}, since none was named and its ImageNet weights come with pip; choose "
        "otherwise with --backbone resnet50 and --set image_size=224"
    )
