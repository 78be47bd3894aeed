"""Domain: the target's classes differ by the direction of thin strokes, which the domain's images vary alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from datamodules.worlds.plenty import PARTS as PLENTY
from datamodules.worlds.world import Part

if TYPE_CHECKING:
    from numpy.random import Generator

    from datamodules.worlds.world import Drawn

DIRECTIONS = 4
STROKES = 9


def _image(kind: int, generator: Generator, draw: int) -> Drawn:
    """Short strokes of nearly one direction, bright or dark, on a smooth background, in noise."""
    from datamodules.worlds.drawing import noise, smooth, strokes

    degrees = _turned(draw) + 180 / DIRECTIONS * kind + generator.normal(0, 3, STROKES)
    strengths = generator.choice([-1.0, 1.0], STROKES) * generator.uniform(0.9, 1.4, STROKES)
    rows, columns = generator.uniform(2, 21, (2, STROKES))
    drawn = strokes(rows, columns, degrees, strengths, 3.0)
    background = generator.uniform(0.3, 0.8) * smooth(generator, 4.0) + generator.normal(0, 0.5)
    return background + drawn + noise(generator, 0.3)


@cache
def _turned(draw: int) -> float:
    """By how many degrees all directions of a draw are turned."""
    from datamodules.worlds.drawing import seeded

    return float(seeded("domain", "direction", draw).uniform(0, 180))


PARTS = {
    "natural": PLENTY["source"],
    "source": Part(
        _image,
        classes=tuple(range(DIRECTIONS)),
        names=tuple(f"direction {number}" for number in range(DIRECTIONS)),
        sizes={"train": 2400, "validation": 120, "test": 120},
    ),
    "target": Part(
        _image,
        classes=tuple(number % 2 for number in range(DIRECTIONS)),
        names=("another", "one of two directions"),
        sizes={"train": 160, "validation": 32, "test": 480},
        doubt=15,
    ),
}
