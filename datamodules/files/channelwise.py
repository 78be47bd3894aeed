"""Images of any number of channels, where what works on them takes gray and RGB images alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def several_grays(image: Pixels) -> bool:
    """Whether an image is neither gray nor RGB, so that each of its channels counts as a gray image.

    Args:
        image: the pixels, (H, W), or (H, W, C) of C channels.
    """
    return image.ndim == 3 and image.shape[2] != 3


def plane(image: Pixels, channel: int) -> Pixels:
    """One channel (H, W) of an image (H, W, C), as an array of its own."""
    return np.ascontiguousarray(image[..., channel])


def channelwise(change: Callable[[Pixels], Pixels], image: Pixels) -> Pixels:
    """An image after a change, which is made to each channel as to a gray image where it is neither gray nor RGB.

    Args:
        change: the function that changes an image, (H, W) or (H, W, 3).
        image: the pixels, (H, W), or (H, W, C) of C channels.
    """
    if not several_grays(image):
        return change(image)
    return np.stack([change(plane(image, channel)) for channel in range(image.shape[2])], axis=-1)
