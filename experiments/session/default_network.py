"""The network of a comparison that names none: its ImageNet weights come with pip, and its size fits the images."""

from __future__ import annotations

NETWORK = "efficientnet_lite0"
"""The smallest network whose ImageNet weights come with ``medtransfer[weights]``."""

SMALLEST, LARGEST = 32, 224
"""The bounds of its input's side, in pixels: it halves the image five times, and its weights were trained at 224."""

STEP = 32
"""The step between input sizes, in pixels: a multiple of it can be halved five times."""


def fitting_size(side: int) -> int:
    """The side of the input, in pixels, nearest to the images' shorter side of ``side`` pixels, within the bounds."""
    return min(max(round(side / STEP) * STEP, SMALLEST), LARGEST)


def remark(size: int, side: int | None) -> str:
    """A remark that says which network was chosen, why, and how to choose another one.

    Args:
        size: the side of the network's input, in pixels.
        side: the median of the training images' shorter sides, in pixels; None if the size was not chosen by it.
    """
    fitting = f", which fits the images (shorter side {side}, in the median)" if side is not None else ""
    return (
        f"{NETWORK} at {size} pixels{fitting}, since none was named and its ImageNet weights come with pip; choose "
        "otherwise with --backbone resnet50 and --set image_size=224"
    )
