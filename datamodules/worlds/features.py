"""Features: the target's classes differ by small glyphs that the source names, and has too few images to show them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from datamodules.worlds.world import Part

if TYPE_CHECKING:
    from numpy.random import Generator

    from datamodules.worlds.world import Drawn

GLYPHS = 8
COPIES = 5
"""How many copies of its glyph an image shows."""


@cache
def _bank(draw: int) -> Drawn:
    """The glyphs of a draw, which source and target share: the last four are the first four turned by half a turn."""
    from datamodules.worlds.drawing import glyphs, seeded

    return glyphs(seeded("features", "glyphs", draw), GLYPHS // 2)


def _image(kind: int, generator: Generator, draw: int) -> Drawn:
    """Copies of one glyph on a smooth background of any brightness, in noise."""
    from datamodules.worlds.drawing import noise, paste, smooth

    image = generator.uniform(0.3, 0.9) * smooth(generator, 3.0) + generator.normal(0, 0.7)
    for _ in range(COPIES):
        paste(image, generator.uniform(1.3, 1.7) * _bank(draw)[kind], generator)
    return image + noise(generator, 0.3)


PARTS = {
    "source": Part(
        _image,
        classes=tuple(range(GLYPHS)),
        names=tuple(f"glyph {number}" for number in range(GLYPHS)),
        sizes={"train": 3200, "validation": 80, "test": 80},
    ),
    "target": Part(
        _image,
        classes=tuple(number // (GLYPHS // 2) for number in range(GLYPHS)),
        names=("another", "one of the last four glyphs"),
        sizes={"train": 240, "validation": 32, "test": 480},
        doubt=15,
    ),
}
