"""Benchmark: the seven tasks as the official code trains them (Hosseinzadeh Taher et al. 2021).

The source is https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1, unless a comment says
otherwise; values marked *assumed* are not known from it. Where that code does what no evaluation should (validating
under training augmentation, labels drawn anew at each access), this project does not follow it.
"""

from __future__ import annotations

import dataclasses

from specs.recipe import Recipe
from specs.steps import (
    Adam,
    BrightnessContrast,
    Cosine,
    Elastic,
    Gamma,
    GridDistortion,
    HorizontalFlip,
    OneOf,
    OpticalDistortion,
    Plateau,
    RandomResizedCrop,
    Rotate,
    SizedCrop,
)

# Classification: DXC14 (chestxray14), DXC5 (chexpert) and TXC (shenzhen). *Assumed*: float32, batch statistics of each
# device, cropping from images stored at 256 pixels at test time only (training crops come from the original size).
CLASSIFICATION = Recipe(
    image_size=224,
    batch_size=32,
    epochs=1000,
    optimizer=Adam(2e-4),
    schedule=Plateau(0.5, 5),
    early_stopping=11,  # its patience of 10 stops when an eleventh epoch is no better
    selection="loss",
    loss="auto",
    augmentation=(RandomResizedCrop(0.08), HorizontalFlip(), Rotate(7)),
    pipeline="fast",
    stored_size="source",
    crop_from=256,
    normalization="imagenet",
    test_time_augmentation="ten_crop",
)

# Segmentation: PXS (siim_acr) and LXS (montgomery). The elastic step's affine part (3.6) and the lens's shift (0.5) are
# left out: albumentations has them no more. Gamma's range is its default of 80 to 120 %.
SEGMENTATION = Recipe(
    image_size=224,
    batch_size=32,
    epochs=200,
    optimizer=Adam(1e-3),
    schedule=Cosine(),  # there one epoch later, since it is stepped after each epoch
    early_stopping=20,
    selection="loss",
    loss="dice",
    resampling="nearest",
    augmentation=(
        OneOf((BrightnessContrast(0.2), Gamma(0.2)), p=0.3),
        OneOf((Elastic(120, 6), GridDistortion(), OpticalDistortion(2.0)), p=0.3),
        SizedCrop(156 / 224, p=0.25),
    ),
    normalization="imagenet",
)


def recipes() -> dict[str, Recipe]:
    """Recipes by the paper's code of the task."""
    return {
        "dxc14": CLASSIFICATION,
        "dxc5": CLASSIFICATION,
        "txc": CLASSIFICATION,
        # Islam et al. 2021 for the images (windowed slices of 576 pixels); training *assumed* as of the others, without
        # ten crops, which would leave emboli at the border out.
        "ecc": dataclasses.replace(
            CLASSIFICATION,
            image_size=576,
            stored_size=None,
            crop_from=None,
            test_time_augmentation="none",
            augmentation=(HorizontalFlip(), Rotate(7)),
        ),
        "pxs": SEGMENTATION,
        "lxs": SEGMENTATION,
        # Batch size by the author in the repository's issue 3; whole images, no augmentation, cross-entropy.
        "vfs": dataclasses.replace(
            SEGMENTATION, image_size=512, batch_size=16, loss="bce", resampling="bilinear", augmentation=()
        ),
    }
