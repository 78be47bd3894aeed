"""Supervised pretraining on photographs as published."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.steps import SGD, Cosine, HorizontalFlip, MultiStep, RandomResizedCrop


def supervised() -> dict[str, Recipe]:
    """Recipes by dataset."""
    return {
        # He et al. 2016, section 3.4, with the crops and epochs of
        # https://github.com/pytorch/vision/tree/main/references/classification (README.md, ResNet); the last epoch
        # counts. *Assumed*: images stored in 256 pixels.
        "imagenet": Recipe(
            image_size=224,
            batch_size=256,
            epochs=90,
            optimizer=SGD(0.1, 0.9, 1e-4),
            schedule=MultiStep((30, 60)),
            selection="last",
            augmentation=(RandomResizedCrop(0.08), HorizontalFlip()),
            pipeline="fast",
            stored_size=256,
            crop_from=256,
            normalization="imagenet",
        ),
        # Van Horn et al. 2021 print no recipe for the training from scratch: *assumed*, ImageNet's with a cosine.
        "inat2021": Recipe(
            image_size=224,
            batch_size=256,
            epochs=90,
            optimizer=SGD(0.1, 0.9, 1e-4),
            schedule=Cosine(5),
            selection="last",
            augmentation=(RandomResizedCrop(0.08), HorizontalFlip()),
            pipeline="fast",
            stored_size=256,
            crop_from=256,
            normalization="imagenet",
        ),
    }
