"""Real weights on real images: recipes for two CPU cores; all values are this project's own."""

from __future__ import annotations

from dataclasses import replace

from specs.recipe import Recipe
from specs.recipe_parts import (
    AdamW,
    BrightnessContrast,
    Cosine,
    HorizontalFlip,
    RandomResizedCrop,
    Rotate,
    VerticalFlip,
)

# The ImageNet weights expect the input normalization "inception". The table picks a learning rate for each row.
CHEST = Recipe(
    image_size=32,
    batch_size=32,
    epochs=8,
    optimizer=AdamW(3e-3, weight_decay=0.01),
    schedule=Cosine(),
    selection="metric",
    augmentation=(RandomResizedCrop(0.6), HorizontalFlip(), Rotate(10)),
    normalization="inception",
    memory_format="channels_last",
)


def recipes() -> dict[str, Recipe]:
    """The recipes for chest x-rays, by how many are trained on, and the recipe for the vessels of DRIVE."""
    return {
        "few": CHEST,
        "more": replace(CHEST, interval=15),
        "all": replace(CHEST, interval=18),
        "vessels": replace(
            CHEST,
            image_size=128,
            batch_size=2,
            epochs=20,
            augmentation=(HorizontalFlip(), VerticalFlip(), BrightnessContrast(0.2)),
        ),
    }
