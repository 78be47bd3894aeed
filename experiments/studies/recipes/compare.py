"""Compare: recipes for a user's own images; all values are this project's own, learning rates are picked per row."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.recipe_parts import AdamW, BrightnessContrast, Cosine, HorizontalFlip, RandomResizedCrop, Rotate
from specs.sources import AllOurs

SOURCES = AllOurs("for a user's own images, of any kind and number; learning rates are picked per row")


def compare() -> dict[str, Recipe]:
    """The recipes for a user's own images by the kind of task."""
    return {
        "classification": Recipe(
            image_size=224,
            batch_size=32,
            epochs=20,
            optimizer=AdamW(3e-4, weight_decay=0.01),
            schedule=Cosine(),
            selection="metric",
            memory_format="auto",
            augmentation=(RandomResizedCrop(0.6), HorizontalFlip(), Rotate(10)),
        ),
        "segmentation": Recipe(
            image_size=256,
            batch_size=8,
            epochs=60,
            optimizer=AdamW(3e-4, weight_decay=0.01),
            schedule=Cosine(),
            selection="metric",
            memory_format="auto",
            augmentation=(HorizontalFlip(), Rotate(10), BrightnessContrast(0.2)),
        ),
    }
