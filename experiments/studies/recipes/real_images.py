"""Real images: recipes for DRIVE and PneumoniaMNIST on two CPU cores; all values are this project's own."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.sources import AllOurs
from specs.steps import Adam, BrightnessContrast, Cosine, HorizontalFlip, RandomResizedCrop, Rotate, VerticalFlip

SOURCES = AllOurs("for DRIVE and PneumoniaMNIST on two CPU cores")


def real_images() -> dict[str, Recipe]:
    """Recipes by name."""
    return {
        "vessels": Recipe(
            image_size=256,
            batch_size=2,
            epochs=48,
            optimizer=Adam(6e-3),
            schedule=Cosine(),
            selection="metric",
            augmentation=(HorizontalFlip(), VerticalFlip(), BrightnessContrast(0.2)),
            test_time_augmentation="flip",
        ),
        "pneumonia": Recipe(
            image_size=28,
            batch_size=64,
            epochs=8,
            optimizer=Adam(2e-3, weight_decay=1e-4),
            schedule=Cosine(),
            dropout=0.2,
            augmentation=(HorizontalFlip(), RandomResizedCrop(0.6), Rotate(10)),
            test_time_augmentation="flip",
        ),
        "pretraining": Recipe(
            image_size=32,
            batch_size=64,
            epochs=12,
            optimizer=Adam(2e-3),
            schedule=Cosine(),
            augmentation=(HorizontalFlip(), Rotate(10)),
        ),
    }
