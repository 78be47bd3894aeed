"""Drawing ultrasound phantom images: a dark mass in speckle with a shadow below it. They imitate the task alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def masses(generator: Generator, size: int, ragged: bool, count: int) -> tuple[Pixels, list[Pixels]]:
    """An ultrasound-like image with some masses.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.
        ragged: whether the borders of the masses are irregular and their shadows dark, instead of smooth and bright.
        count: the number of masses, 0 to 2.

    Returns:
        The image (size, size) uint8, and where each mass is, (size, size) uint8 in {0, 1}.
    """
    axis = np.linspace(-1.0, 1.0, size)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    image = 0.5 + 0.12 * np.sin(9 * rows + 0.8 * generator.normal() * columns + generator.uniform(0, 6))
    image += 0.05 * cv2.GaussianBlur(generator.normal(0, 6.0, (size, size)), (0, 0), size / 16)
    found = []
    for number in range(count):
        row = generator.uniform(-0.3, 0.1)
        column = (-0.45, 0.45)[number] if count == 2 else generator.uniform(-0.4, 0.4)
        angle = np.arctan2(rows - row, columns - column)
        border = 1 + sum(
            (0.14 if ragged else 0.03) * generator.normal() * np.cos(wave * angle + generator.uniform(0, 6))
            for wave in (2, 3, 5)
        )
        extent = generator.uniform(0.2, 0.34)
        mask = (np.hypot((rows - row) * 1.3, columns - column) < extent * border).astype(np.uint8)
        found.append(mask)
        image -= 0.32 * cv2.GaussianBlur(mask.astype(np.float64), (0, 0), size / 40)
        below = (np.abs(columns - column) < 0.7 * extent) & (rows > row + 0.8 * extent)
        image += (-0.12 if ragged else 0.1) * cv2.GaussianBlur(below.astype(np.float64), (0, 0), size / 24)
    shadow = generator.uniform(-0.8, 0.8)  # of what lies above, which looks like a mass and is none
    image -= 0.12 * np.exp(-(((columns - shadow) / 0.12) ** 2) - ((rows - 0.6) / 0.3) ** 2)
    speckle = cv2.GaussianBlur(generator.rayleigh(0.8, (size, size)), (0, 0), 0.7)
    return np.clip(np.rint(image * speckle * 255), 0, 255).astype(np.uint8), found
