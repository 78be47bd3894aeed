"""Planted worlds: recipes for seconds on one CPU core; all values are this project's own."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.steps import SGD, AdamW, Cosine


def recipes() -> dict[str, Recipe]:
    """Recipes by name."""
    return {
        "source": Recipe(
            image_size=24,
            batch_size=64,
            epochs=4,
            optimizer=AdamW(5e-3),
            schedule=Cosine(),
            selection="last",
            normalization="inception",
            memory_format="channels_last",
        ),
        "longer_source": Recipe(
            image_size=24,
            batch_size=64,
            epochs=5,
            optimizer=AdamW(5e-3),
            schedule=Cosine(),
            selection="last",
            normalization="inception",
            memory_format="channels_last",
        ),
        "few": Recipe(
            image_size=24,
            batch_size=16,
            epochs=10,
            optimizer=AdamW(3e-3),
            schedule=Cosine(1),
            selection="last",
            normalization="inception",
            memory_format="channels_last",
        ),
        "plenty": Recipe(
            image_size=24,
            batch_size=32,
            epochs=4,
            optimizer=AdamW(2e-3),
            schedule=Cosine(1),
            selection="last",
            normalization="inception",
            memory_format="channels_last",
        ),
        "steps": Recipe(
            image_size=24,
            batch_size=32,
            epochs=20,
            interval=10,
            optimizer=SGD(0.03),
            selection="last",
            normalization="inception",
            memory_format="channels_last",
        ),
        "scaled_source": Recipe(
            image_size=24,
            batch_size=32,
            epochs=1,
            optimizer=AdamW(3e-4),
            selection="last",
            normalization="inception",
            memory_format="channels_last",
        ),
    }
