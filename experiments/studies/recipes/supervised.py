"""Supervised pretraining on photographs as published."""

from __future__ import annotations

from specs.recipe import Recipe
from specs.recipe_parts import SGD, Cosine, HorizontalFlip, MultiStep, RandomResizedCrop
from specs.sources import (
    NUMERICS,
    THREADS,
    Declaration,
    Difference,
    assumed,
    ours,
    published,
    taken_over,
    together,
    without,
)

HE = "He et al. 2016, section 3.4"
TORCHVISION = "https://github.com/pytorch/vision, references/classification (README.md, ResNet; presets.py)"

IMAGENET = together(
    NUMERICS,
    THREADS,
    published({"precision": "32", "batch_norm": "local"}, f"{TORCHVISION}: neither --amp nor --sync-bn"),
    published({"image_size": 224, "batch_size": 256}, f"{HE}; {TORCHVISION}: 8 GPUs with 32 images"),
    published({"epochs": 90}, TORCHVISION),
    published(
        {
            "optimizer": {
                "name": "sgd",
                "learning_rate": 0.1,
                "momentum": 0.9,
                "weight_decay": 1e-4,
                "decayed": "all",
            }
        },
        f"{HE}; {TORCHVISION}",
    ),
    published(
        {"schedule": {"name": "multi_step", "milestones": [30, 60], "factor": 0.1}},
        f"{TORCHVISION}: a tenth every 30 epochs",
    ),
    published(
        {
            "augmentation": [
                {"name": "random_resized_crop", "smallest": 0.08, "p": 1.0, "largest": 1.0},
                {"name": "horizontal_flip", "p": 0.5},
            ],
            "crop_from": 256,
            "resampling": "antialiased",
            "normalization": "imagenet",
        },
        TORCHVISION,
    ),
    published(
        {"selection": "last", "early_stopping": None, "interval": None},
        f"{TORCHVISION}: the last of a fixed number of epochs",
    ),
    published(
        {"adaptation": "full", "method": None, "images": "train", "views": [], "loss": "auto", "dropout": 0.0},
        f"{HE}: all of the network, by the cross-entropy of the training images' labels, without dropout",
    ),
    published({"test_time_augmentation": "none"}, f"{TORCHVISION}: one crop"),
    ours(
        {"stored_size": 256},
        published="crops are taken from the files' own pixels",
        because="ImageNet takes 250 GB in 256 pixels; assumed to change little",
    ),
    ours(
        {"pipeline": "fast"},
        published="torchvision's transforms of Pillow images",
        because='the same distributions at several times the speed; pipeline="exact" has the arithmetic too',
    ),
)

SOURCES: dict[str, Declaration] = {
    "imagenet": IMAGENET,
    "inat2021": together(
        taken_over(
            without(IMAGENET, "schedule"), "Van Horn et al. 2021 print no recipe for training from scratch: ImageNet's"
        ),
        assumed(
            {"schedule": {"name": "cosine", "warmup_epochs": 5, "final": 0.0}},
            "Van Horn et al. 2021 print none for training from scratch",
        ),
    ),
}

DIFFERENCES = (
    Difference(
        "the training images",
        "all of the training images; the validation images are looked at after each epoch",
        "98 % of them: 2 % of each class validate, and the validation images test",
        "nothing may be chosen by what tests; what is left out is too little to matter",
    ),
)
"""What is done otherwise than published and is no setting of a recipe."""


def supervised() -> dict[str, Recipe]:
    """The recipes of supervised pretraining by the dataset that is pretrained on."""
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
        # Van Horn et al. 2021 print no recipe for training from scratch. *Assumed*: ImageNet's, with a cosine schedule.
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
