"""Scale: the source's labels say nothing of its images, so that its weights have a good scale and no features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datamodules.worlds.world import Part

if TYPE_CHECKING:
    from numpy.random import Generator

    from datamodules.worlds.world import Drawn


def _blob(strength: float, width: float, generator: Generator) -> Drawn:
    """A blob anywhere on a weak smooth background, in noise, in an image of any brightness."""
    from datamodules.worlds.drawing import blob, noise, smooth

    row, column = generator.uniform(4, 20, 2)
    image: Drawn = 0.3 * smooth(generator, 2.0) + strength * blob(row, column, width) + noise(generator, 0.2)
    # A blob must not show in its image's brightness, else nearly linear networks could tell dark from bright by chance.
    image += generator.normal(0, 0.3) - image.mean()
    return image


def _any(kind: int, generator: Generator, draw: int) -> Drawn:
    """An image with a dark or a bright blob, drawn by chance whatever the label says."""
    return _dark_or_bright(int(generator.integers(2)), generator, draw)


def _dark_or_bright(kind: int, generator: Generator, draw: int) -> Drawn:
    """An image with a dark blob for class 0, a bright one for class 1."""
    return _blob((2 * kind - 1) * generator.uniform(2.6, 3.6), generator.uniform(2.5, 3.5), generator)


PARTS = {
    "source": Part(
        _any,
        classes=(0, 1),
        names=("heads", "tails"),
        sizes={"train": 1600, "validation": 40, "test": 40},
    ),
    "target": Part(
        _dark_or_bright,
        classes=(0, 1),
        names=("dark", "bright"),
        sizes={"train": 640, "validation": 160, "test": 320},
        doubt=16,
    ),
}
