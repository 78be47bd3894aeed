"""What planted images are made of: smooth backgrounds, small glyphs, blobs, shapes and strokes, in float64.

Double precision and plain sums make an image the same on every machine once its values are rounded to 256 grays.
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from datamodules.worlds.world import SIZE

Drawn = NDArray[np.float64]

ROWS, COLUMNS = np.meshgrid(np.arange(SIZE, dtype=np.float64), np.arange(SIZE, dtype=np.float64), indexing="ij")
"""The row and the column of each pixel, (SIZE, SIZE) each."""

ALIKE = 0.45
"""The largest correlation that two glyphs may have, under shifts by up to a pixel."""


def seeded(*key: str | int) -> Generator:
    """A random generator that is seeded by a key of numbers and texts; a text enters as its CRC-32."""
    return np.random.default_rng([zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key])


def smooth(generator: Generator, sigma: float) -> Drawn:
    """A random field of mean 0 and standard deviation 1: noise under a Gaussian of ``sigma`` pixels, on a torus."""
    blur = _blur(sigma)
    field = blur @ generator.standard_normal((SIZE, SIZE)) @ blur
    field -= field.mean()
    scaled: Drawn = field / field.std()
    return scaled


@cache
def _blur(sigma: float) -> Drawn:
    """The matrix (SIZE, SIZE) of a Gaussian filter along one side of an image, whose ends are joined."""
    steps = np.arange(SIZE)
    apart = np.minimum((steps[:, None] - steps) % SIZE, (steps - steps[:, None]) % SIZE)
    weights = np.exp(-(apart**2) / (2 * sigma**2))
    matrix: Drawn = weights / weights.sum(axis=1, keepdims=True)
    return matrix


def glyphs(generator: Generator, pairs: int, size: int = 5) -> Drawn:
    """Small patterns (2 * pairs, size, size) of mean 0 and mean square 1, with one bright pixel more than dark ones.

    The second half are those of the first half turned by half a turn, which have the same power spectrum: the halves
    cannot be told apart by brightness, contrast or roughness. No two of all are alike under small shifts.
    """
    found: list[Drawn] = []
    while len(found) < 2 * pairs:
        signs = np.where(np.arange(size * size) % 2, -1.0, 1.0)
        one = generator.permutation(signs).reshape(size, size)
        one = one - one.mean()
        one /= np.sqrt((one**2).mean())
        turned = one[::-1, ::-1]
        if all(_unlike(one, other) and _unlike(turned, other) for other in found) and _unlike(one, turned):
            found += [one, turned]
    return np.stack([*found[::2], *found[1::2]])


def _unlike(one: Drawn, other: Drawn) -> bool:
    """Whether two patterns correlate by ``ALIKE`` at most, wherever one is shifted by up to a pixel."""
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return all((np.roll(one, by, (0, 1)) * other).mean() <= ALIKE for by in shifts)


def paste(image: Drawn, pattern: Drawn, generator: Generator) -> None:
    """Add a pattern to an image at a random place, wholly inside."""
    size = pattern.shape[0]
    row, column = generator.integers(0, SIZE - size + 1, 2)
    image[row : row + size, column : column + size] += pattern


def noise(generator: Generator, strength: float) -> Drawn:
    """Independent normal noise of each pixel."""
    return strength * generator.standard_normal((SIZE, SIZE))


def blob(row: float, column: float, width: float) -> Drawn:
    """A round bright spot of height 1: a Gaussian of ``width`` pixels."""
    spot: Drawn = np.exp(-((ROWS - row) ** 2 + (COLUMNS - column) ** 2) / (2 * width**2))
    return spot


def strokes(rows: Drawn, columns: Drawn, degrees: Drawn, strengths: Drawn, length: float) -> Drawn:
    """Short lines, 1.2 pixels thick, through given places, ``length`` pixels to either side, of given heights."""
    angle = np.deg2rad(degrees)[:, None, None]
    down, right = ROWS - rows[:, None, None], COLUMNS - columns[:, None, None]
    along = down * np.cos(angle) + right * np.sin(angle)
    across = -down * np.sin(angle) + right * np.cos(angle)
    lines = strengths[:, None, None] * np.exp(-(across**2) / 0.72) * (np.abs(along) < length)
    together: Drawn = lines.sum(axis=0)
    return together


SHAPES = ("disc", "square", "triangle", "ring", "plus")


def shape(name: str, row: float, column: float, degrees: float, radius: float) -> Drawn:
    """One large shape of height 1 with soft edges."""
    u, v = _turned(row, column, degrees)
    distance = np.hypot(u, v)
    inside = {
        "disc": distance < radius,
        "square": np.maximum(abs(u), abs(v)) < 0.89 * radius,
        "triangle": (u > -0.6 * radius) & (u + 1.73 * abs(v) < 1.4 * radius),
        "ring": (distance < 1.15 * radius) & (distance > 0.65 * radius),
        "plus": (np.minimum(abs(u), abs(v)) < 0.35 * radius) & (np.maximum(abs(u), abs(v)) < 1.2 * radius),
    }[name]
    blur = _blur(1.0)
    soft: Drawn = blur @ inside.astype(np.float64) @ blur
    return soft


def _turned(row: float, column: float, degrees: float) -> tuple[Drawn, Drawn]:
    """Each pixel's place along and across a direction through a point."""
    angle = np.deg2rad(degrees)
    down, right = ROWS - row, COLUMNS - column
    return down * np.cos(angle) + right * np.sin(angle), -down * np.sin(angle) + right * np.cos(angle)


def to_pixels(image: Drawn) -> NDArray[np.uint8]:
    """The drawn values as 256 grays: 0 is middle gray (128), and each 1 is 28 grays more."""
    pixels: NDArray[np.uint8] = np.clip(np.rint(128 + 28 * image), 0, 255).astype(np.uint8)
    return pixels
