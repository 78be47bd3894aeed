"""Benchmark: the seven tasks as the official code trains them (Hosseinzadeh Taher et al. 2021).

The source is https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1, unless a comment says
otherwise; values marked *assumed* are not known from it. Where that code does what no evaluation should (validating
under training augmentation, labels drawn anew at each access), this project does not follow it. ``sources.py`` says of
each value where it is from, and what no value says.
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

# Segmentation: PXS (siim_acr) and LXS (montgomery), augmented as albumentations 0.4.3 (requirements.txt) did it. Its
# lens shift of up to 0.5 pixels was rounded to whole pixels, so there never was one. Each step of a one_of has that
# version's default p of 0.5: halves and thirds.
SEGMENTATION = Recipe(
    image_size=224,
    batch_size=32,
    epochs=200,
    optimizer=Adam(1e-3),
    # There one epoch later, since it is stepped after each epoch, so that epochs 0 and 1 both have the whole rate; here
    # an epoch's rate is lower by at most 0.8 % of that.
    schedule=Cosine(),
    early_stopping=21,  # its patience of 20 stops when a twenty-first epoch is no better
    selection="loss",
    loss="dice",
    resampling="nearest",
    augmentation=(
        OneOf((BrightnessContrast(0.2), Gamma(0.2)), p=0.3),
        OneOf((Elastic(120, 6, affine=3.6), GridDistortion(), OpticalDistortion(2.0)), p=0.3),
        SizedCrop(156 / 224, p=0.25),
    ),
    normalization="none",  # README's commands give no --normalization, and None leaves pixels in [0, 1]
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
        # Batch size by the author in the repository's issue 3; whole images, no augmentation, cross-entropy, and
        # ImageNet's statistics whatever --normalization says (DriveDataset).
        "vfs": dataclasses.replace(
            SEGMENTATION,
            image_size=512,
            batch_size=16,
            loss="bce",
            resampling="bilinear",
            augmentation=(),
            normalization="imagenet",
        ),
    }
