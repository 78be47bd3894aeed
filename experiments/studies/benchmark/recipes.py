"""Benchmark: the seven tasks as the official code trains them (Hosseinzadeh Taher et al. 2021).

The source is https://github.com/MR-HosseinzadehTaher/BenchmarkTransferLearning, Version1, unless a comment says
otherwise; values marked *assumed* are not known from it. Where that code does what no evaluation should (validating
under training augmentation, labels drawn anew at each access), this project does not follow it. ``sources.py`` says of
each value where it is from, and what no value says.
"""

from __future__ import annotations

import dataclasses

from specs.recipe import Recipe
from specs.recipe_parts import (
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
# lens shift of up to 0.5 pixels was rounded to whole pixels, so there never was one. Each step of a one_of has the
# default p of that version, 0.5, so that all steps of a one_of are equally probable: a half or a third.
SEGMENTATION = Recipe(
    image_size=224,
    batch_size=32,
    epochs=200,
    optimizer=Adam(1e-3),
    # The official code lags by an epoch, since it steps the schedule after each epoch, so that epochs 0 and 1 both have
    # the whole rate. Here the rate of an epoch is lower than there by at most 0.8 % of the whole rate.
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
    """The recipes by the task's code in the paper, in lower case."""
    return {
        "dxc14": CLASSIFICATION,
        "dxc5": CLASSIFICATION,
        "txc": CLASSIFICATION,
        # The images are those of Islam et al. 2021: windowed slices of 576 pixels. *Assumed*: training as for the other
        # classification tasks, but without ten crops, which would leave out emboli at the border.
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
        # The author names the batch size in issue 3 of the repository. The code (DriveDataset) takes whole images
        # without
        # augmentation, the cross-entropy, and ImageNet's statistics whatever --normalization says.
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
