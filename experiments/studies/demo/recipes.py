"""Planted worlds: recipes for seconds on one CPU core; all values are this project's own."""

from __future__ import annotations

from dataclasses import replace

from specs.recipe import Recipe
from specs.recipe_parts import SGD, AdamW, Cosine

SOURCE = Recipe(
    image_size=24,
    batch_size=32,
    epochs=3,
    optimizer=AdamW(1e-2),
    schedule=Cosine(),
    selection="last",
    normalization="inception",
    memory_format="channels_last",
)

STEPS = replace(SOURCE, epochs=12, interval=10, optimizer=SGD(0.1), schedule=Cosine(final=0.5))


def recipes() -> dict[str, Recipe]:
    """The recipes of the planted worlds by their names."""
    return {
        "source": SOURCE,
        "domain_source": replace(SOURCE, epochs=5),
        "few": replace(SOURCE, batch_size=16, epochs=10, optimizer=AdamW(3e-3), schedule=Cosine(1)),
        "plenty": replace(SOURCE, epochs=4, optimizer=AdamW(2e-3), schedule=Cosine(1)),
        "steps": STEPS,
        "scaled_source": replace(STEPS, epochs=1, interval=None, optimizer=AdamW(3e-4)),
    }
