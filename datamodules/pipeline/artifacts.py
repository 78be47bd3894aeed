"""Drawn artifacts that an image may have beside what it shows: a tag in a corner, and stripes of one frequency."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

SIDE = 6
"""The side of a tag is this part of the shorter side of the image: a sixth, as of a marker on a radiograph."""

SMALLEST = 4
"""The smallest side of a tag in pixels: a frame of one pixel, and two by two pixels inside."""

WAVES = 8
"""How many waves of the stripes there are across the width of an image."""

AMPLITUDE = 12
"""How much brighter and darker than the image stripes are at most, of 255: weak, and in every pixel row."""


def tag(image: Pixels) -> Pixels:
    """The image with a white square in a black frame in its upper left corner, as of a burnt-in marker.

    Args:
        image: the pixels, (H, W) or (H, W, C), uint8, which are not changed.
    """
    height, width = image.shape[:2]
    side = min(max(SMALLEST, min(height, width) // SIDE), height, width)
    frame = max(1, side // SIDE)
    drawn = image.copy()
    drawn[:side, :side] = 0
    drawn[frame : side - frame, frame : side - frame] = 255
    return drawn


def stripes(image: Pixels) -> Pixels:
    """The image with a weak sine wave along its rows, ``WAVES`` over the width, in all channels alike.

    Args:
        image: the pixels, (H, W) or (H, W, C), uint8, which are not changed.
    """
    width = image.shape[1]
    wave = AMPLITUDE * np.sin(2 * np.pi * WAVES * (np.arange(width) + 0.5) / width)
    wave = wave.reshape(1, width, *(1,) * (image.ndim - 2))
    drawn: Pixels = np.clip(np.rint(image + wave), 0, 255).astype(np.uint8)
    return drawn


ARTIFACTS: Mapping[str, Callable[[Pixels], Pixels]] = {"tag": tag, "frequency": stripes}
"""The artifacts by the names that ``shortcut`` knows them by."""
