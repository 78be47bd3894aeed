"""Phantom: self-supervised pretraining of tiny networks in seconds; all values are this project's own."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.steps import Adam, ColorJitter, Cosine, GaussianBlur, Grayscale, HorizontalFlip, RandomResizedCrop, Rotate

# Fractals differ in color, turn and shade within a class, so views must too: else an image is known by its color.
AUGMENTATION = (
    RandomResizedCrop(0.25),
    HorizontalFlip(),
    Rotate(30),
    ColorJitter(0.6, 0.6, 0.6, 0.3),
    Grayscale(0.5),
    GaussianBlur(0.1, 1.0),
)
CLUSTERS = "clusters=(16, 32), negatives=16, warmup=3"
METHODS = {
    "insdis": "insdis(dimensions=64, negatives=512, temperature=0.5)",
    "pirl": "pirl(dimensions=64, negatives=128, temperature=0.2)",
    "moco_v1": "moco_v1(dimensions=64, queue=512, momentum=0.99, temperature=0.2)",
    "moco_v2": "moco_v2(dimensions=64, hidden=128, queue=512, momentum=0.99)",
    "infomin": "infomin(dimensions=64, hidden=128, queue=512, momentum=0.99)",
    "pcl_v1": f"pcl_v1(dimensions=64, queue=512, momentum=0.99, temperature=0.2, {CLUSTERS})",
    "pcl_v2": f"pcl_v2(dimensions=64, hidden=128, queue=512, momentum=0.99, {CLUSTERS})",
    "simclr_v1": "simclr_v1(head=(128, 64), temperature=0.2)",
    "simclr_v2": "simclr_v2(head=(128, 128, 64), temperature=0.2)",
    "byol": "byol(dimensions=64, hidden=128, momentum=0.97)",
    "barlow_twins": "barlow_twins(head=(128, 128), off_diagonal=0.02, scale=0.1)",
    "deepcluster_v2": "deepcluster_v2(dimensions=64, hidden=128, prototypes=(16, 32))",
    "sela_v2": "sela_v2(dimensions=64, hidden=128, prototypes=(16, 32))",
    "swav": "swav(dimensions=64, hidden=128, prototypes=32)",
}


def phantom_ssl() -> dict[str, Recipe]:
    """Recipes by method; the two of one view an image take more and smaller steps."""
    return {
        name: Recipe(
            image_size=32,
            batch_size=32 if name in ("insdis", "pirl") else 64,
            epochs=18 if name == "insdis" else 12,
            optimizer=Adam(4e-3 if name in ("insdis", "byol") else 2e-3),
            schedule=Cosine(),
            selection="last",
            method=method,
            augmentation=AUGMENTATION,
        )
        for name, method in METHODS.items()
    }
