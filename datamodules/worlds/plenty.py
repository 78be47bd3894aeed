"""Plenty: the target is simple and has images enough, so that where a network starts from makes no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datamodules.worlds.world import Part

if TYPE_CHECKING:
    from numpy.random import Generator

    from datamodules.worlds.world import Drawn


def _shape(kind: int, generator: Generator, draw: int) -> Drawn:
    """One large shape on a smooth background."""
    from datamodules.worlds.drawing import SHAPES, noise, shape, smooth

    row, column = generator.uniform(9, 15, 2)
    drawn = shape(SHAPES[kind], row, column, generator.uniform(0, 360), generator.uniform(4.5, 7))
    strength = generator.choice([-1.0, 1.0]) * generator.uniform(1.0, 2.0)
    image: Drawn = 0.5 * smooth(generator, 4.0) + strength * drawn + noise(generator, 0.15)
    return image


def _blob(kind: int, generator: Generator, draw: int) -> Drawn:
    """A blob anywhere, bright or dark, on a weak smooth background."""
    from datamodules.worlds.drawing import blob, noise, smooth

    row, column = generator.uniform(5, 19, 2)
    strength = (2 * kind - 1) * generator.uniform(1.2, 2.0)
    spot = strength * blob(row, column, generator.uniform(3.0, 4.0))
    return 0.3 * smooth(generator, 3.0) + spot + noise(generator, 0.2)


PARTS = {
    "source": Part(
        _shape,
        classes=(0, 1, 2, 3, 4),
        names=("disc", "square", "triangle", "ring", "plus"),
        sizes={"train": 1600, "validation": 100, "test": 100},
    ),
    "target": Part(
        _blob,
        classes=(0, 1),
        names=("dark", "bright"),
        sizes={"train": 800, "validation": 40, "test": 528},
        doubt=33,
    ),
}
