"""Phantom: recipes for the small synthetic editions, minutes on a laptop's CPU; all values are this project's own."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.recipe_parts import Adam, Cosine, HorizontalFlip, Plateau, Rotate, VerticalFlip
from specs.sources import AllOurs

SOURCES = AllOurs("for small drawn editions: minutes on a laptop's CPU")


# Long: it is a list of recipes.
def phantom() -> dict[str, Recipe]:
    """The recipes for the small synthetic editions by their names."""
    return {
        "classification": Recipe(
            image_size=32,
            batch_size=32,
            epochs=20,
            optimizer=Adam(2e-3),
            schedule=Cosine(),
            augmentation=(HorizontalFlip(), Rotate(7)),
        ),
        # The classes of the phantom chests depend on the side of a finding too, so images are not mirrored.
        "chest": Recipe(
            image_size=48,
            batch_size=32,
            epochs=12,
            optimizer=Adam(2e-3),
            schedule=Cosine(),
            augmentation=(Rotate(5),),
        ),
        # For datasets of a few hundred images or fewer.
        "chest_small": Recipe(
            image_size=48,
            batch_size=16,
            epochs=20,
            optimizer=Adam(2e-3),
            schedule=Cosine(),
            augmentation=(HorizontalFlip(), Rotate(5)),
        ),
        "segmentation": Recipe(
            image_size=64,
            batch_size=4,
            epochs=15,
            optimizer=Adam(3e-3),
            schedule=Cosine(),
            selection="metric",
            augmentation=(HorizontalFlip(), VerticalFlip()),
        ),
        "pretraining": Recipe(
            image_size=32,
            batch_size=32,
            epochs=12,
            optimizer=Adam(2e-3),
            schedule=Cosine(),
            augmentation=(HorizontalFlip(), Rotate(10)),
        ),
        # For networks as large as ResNet-50: just enough steps for the statistics of their batch norm to settle.
        "photographs": Recipe(
            image_size=32,
            batch_size=16,
            epochs=10,
            optimizer=Adam(1e-3),
            schedule=Cosine(),
            augmentation=(HorizontalFlip(),),
        ),
        "photograph_pretraining": Recipe(
            image_size=32,
            batch_size=16,
            epochs=10,
            optimizer=Adam(1e-3),
            schedule=Cosine(),
            selection="last",
            augmentation=(HorizontalFlip(),),
        ),
        # Smoke recipes test the software within seconds: dropout, a schedule with plateaus and early stopping.
        "smoke": Recipe(
            image_size=28,
            batch_size=32,
            epochs=4,
            optimizer=Adam(5e-3),
            schedule=Plateau(factor=0.5, patience=1),
            early_stopping=3,
            dropout=0.2,
            augmentation=(HorizontalFlip(),),
        ),
        "smoke_segmentation": Recipe(
            image_size=32,
            batch_size=16,
            epochs=2,
            optimizer=Adam(3e-3),
            schedule=Cosine(),
            selection="metric",
            augmentation=(HorizontalFlip(),),
        ),
        "smoke_pretraining": Recipe(
            image_size=28, batch_size=64, epochs=2, optimizer=Adam(2e-3), augmentation=(HorizontalFlip(),)
        ),
    }
