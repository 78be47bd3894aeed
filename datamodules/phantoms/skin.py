"""Drawing dermoscopic phantom images: a spot on skin under hairs. They imitate the task, not the anatomy."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

TONES = np.array([0.86, 0.66, 0.56])
"""Red, green and blue of the skin."""


def spot(generator: Generator, size: int, kind: int) -> tuple[Pixels, Pixels]:
    """A spot on skin.

    Args:
        generator: the random generator of all that varies between images.
        size: height and width of the image, in pixels.
        kind: the kind of lesion, 0 to 6, by which the spot's border is smooth or ragged, its inside even, dotted,
            netted or ringed, and its color brown, blue or red. Color and darkness vary within a kind, too.

    Returns:
        The image (size, size, 3) uint8, and where the spot is, (size, size) uint8 in {0, 1}.
    """
    axis = np.linspace(-1.0, 1.0, size)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    row, column = generator.normal(0, 0.12, 2)
    angle = np.arctan2(rows - row, columns - column)
    ragged = (0.03, 0.16, 0.08, 0.16, 0.03, 0.08, 0.12)[kind]
    border = 1 + sum(
        ragged * generator.normal() * np.cos(wave * angle + generator.uniform(0, 2 * np.pi)) for wave in (2, 3, 5, 7)
    )
    radius = np.hypot(rows - row, (columns - column) * generator.uniform(0.8, 1.25)) / border
    extent = generator.uniform(0.35, 0.6)
    mask = (radius < extent).astype(np.uint8)
    inside = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), size / 32)
    waves = 22 * (rows - row), 22 * (columns - column)
    texture = (
        np.zeros((size, size)),
        np.sin(waves[0]) * np.sin(waves[1]),
        np.cos(5 * np.pi * radius / extent),
        (generator.random((size, size)) < 0.06) * 3.0,
        np.cos(2 * np.pi * radius / extent),
        np.sin(waves[0] + waves[1]),
        cv2.GaussianBlur(generator.normal(0, 6.0, (size, size)), (0, 0), 2.0),
    )[kind]
    tint = np.array(((0.3, 0.4, 0.4), (0.45, 0.4, 0.3), (0.15, 0.35, 0.35))[kind % 3])
    shade = inside * (1 + 0.3 * generator.normal()) * 0.8 + 0.16 * inside * texture
    light = 1 - 0.12 * (rows**2 + columns**2) + 0.06 * generator.normal() * columns
    image = light[..., None] * TONES - shade[..., None] * tint * (1 + 0.15 * generator.normal(size=3))
    hairs = np.zeros((size, size), np.float64)
    for _ in range(generator.integers(0, 5)):
        ends = generator.integers(0, size, 4).tolist()
        cv2.line(hairs, tuple(ends[:2]), tuple(ends[2:]), 1.0, 1)
    image = image - 0.3 * hairs[..., None] + generator.normal(0, 0.03, (size, size, 3))
    return np.clip(np.rint(image * 255), 0, 255).astype(np.uint8), mask
