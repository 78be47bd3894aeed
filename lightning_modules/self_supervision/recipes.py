"""The common parts of self-supervised methods' recipes; each method's own recipes are in ``pretraining/METHOD.py``.

In a method's file, ``PUBLISHED`` is its training on ImageNet as its authors describe it: optimizer, schedule, views and
length; the comment above it names the source of all of them. Temperature, queue, prototypes and heads are the defaults
of the method's function, with their sources. All published recipes differ from the authors' code in these points:

- training images are stored in 512 pixels, where the papers crop from the files' own size, and resampled bilinearly,
  where BYOL, Barlow Twins, SimCLR, VICReg, DINO and MAE use bicubic filters: *assumed* to matter little;
- the learning rate changes once per epoch, where most of the code changes it at each step, and a warm-up of n epochs
  begins at 1 / (n + 1) of it, where the code begins at 0 (SwAV: at 0.3 of 4.8);
- training is in float32, where Barlow Twins, SwAV, VICReg, DINO and MAE use half precision; SwAV's code divides by a
  standard deviation of 0.228 where ImageNet's first one is 0.229;
- batch normalization takes its statistics from 8 groups of a batch for MoCo, PCL and InfoMin, from each device for
  InsDis and PIRL, and from all devices elsewhere, where SwAV's code takes groups of 8 GPUs (512 images).

Batches of thousands need several GPUs. To use smaller ones, change ``batch_size`` and the learning rate together.

``PHANTOM`` is a recipe that trains tiny networks in seconds, with one group per batch; all of its values are this
project's own.
"""

from __future__ import annotations

from typing import Any, Literal

from specs.recipe import Recipe
from specs.recipe_parts import (
    SGD,
    Adam,
    Augmentation,
    ColorJitter,
    Cosine,
    GaussianBlur,
    Grayscale,
    HorizontalFlip,
    Larc,
    Lars,
    MultiStep,
    RandomResizedCrop,
    Rotate,
    Solarize,
    Views,
)

Steps = tuple[Augmentation, ...]

# The first generation: Wu et al. 2018, https://github.com/zhirongw/lemniscate.pytorch (main.py), taken over by MoCo-v1,
# https://github.com/facebookresearch/moco (main_moco.py).
PLAIN: Steps = (RandomResizedCrop(0.2), Grayscale(0.2), ColorJitter(0.4, 0.4, 0.4, 0.4, p=1.0), HorizontalFlip())

# Chen et al. 2020 (MoCo-v2), the same file with --aug-plus.
PLUS: Steps = (
    RandomResizedCrop(0.2),
    ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
    Grayscale(0.2),
    GaussianBlur(0.1, 2.0, p=0.5),
    HorizontalFlip(),
)

# Chen et al. 2020 (SimCLR), appendix A with strength 1; SwAV's color distortion is the same.
DISTORTED: Steps = (
    HorizontalFlip(),
    ColorJitter(0.8, 0.8, 0.8, 0.2, p=0.8),
    Grayscale(0.2),
    GaussianBlur(0.1, 2.0, p=0.5),
)

# Fractals differ in color, rotation and shade within a class, so views must too: otherwise color alone would identify
# an image.
DRAWN: Steps = (
    RandomResizedCrop(0.25),
    HorizontalFlip(),
    Rotate(30),
    ColorJitter(0.6, 0.6, 0.6, 0.3),
    Grayscale(0.5),
    GaussianBlur(0.1, 1.0),
)

# The view of a drawn image that is cut into patches: cells of 11 pixels.
DRAWN_PUZZLE = Views(1, 33, (RandomResizedCrop(0.6), *DRAWN[1:]))


def sgd(
    method: str,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    schedule: Cosine | MultiStep,
    augmentation: Steps = (),
    views: tuple[Views, ...] = (),
    decayed: Literal["all", "weights"] = "all",
    batch_norm: Literal["local", "sync"] = "local",
) -> Recipe:
    """A published recipe with SGD, whose momentum 0.9 and weight decay 1e-4 are the same in all methods that use it.

    Args:
        method: the method's registry name.
        epochs: the number of training epochs.
        batch_size: the number of images per step, over all devices.
        learning_rate: the learning rate at the start.
        schedule: the schedule of the learning rate.
        augmentation: the augmentation of all views; empty if ``views`` have their own.
        views: the views with an augmentation of their own; empty if all are alike.
        decayed: the parameters that weight decay applies to: all, or ``weights`` without biases and normalization
            layers.
        batch_norm: the images that batch normalization takes its statistics from: those of each device, or of all.
    """
    return as_published(
        method,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=SGD(learning_rate, 0.9, 1e-4, decayed),
        schedule=schedule,
        augmentation=augmentation,
        views=views,
        batch_norm=batch_norm,
    )


def large_batches(
    method: str,
    *,
    epochs: int,
    batch_size: int,
    optimizer: Lars | Larc,
    schedule: Cosine,
    augmentation: Steps = (),
    views: tuple[Views, ...] = (),
    image_size: int = 224,
) -> Recipe:
    """A published recipe with batch normalization over all devices; it takes either an augmentation or views."""
    return as_published(
        method,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        schedule=schedule,
        augmentation=augmentation,
        views=views,
        image_size=image_size,
        batch_norm="sync",
    )


def swav_crops(
    method: str, *, epochs: int, large: tuple[int, int], small: tuple[int, int], smallest: float = 0.14
) -> Recipe:
    """The published recipe of SwAV and of two methods that its authors trained in the same way, with multi-crop.

    Source: Caron et al. 2020, appendix A, and https://github.com/facebookresearch/swav (scripts/swav_800ep_pretrain.sh,
    scripts/deepclusterv2_800ep_pretrain.sh; LARC over all parameters in main_swav.py and main_deepclusterv2.py).

    Args:
        method: the method's registry name.
        epochs: the number of training epochs.
        large: the number of large crops and their size in pixels.
        small: the number of small crops, of 5 to 14 % of the area, and their size in pixels.
        smallest: the smallest share of the area that a large crop takes.
    """
    return large_batches(
        method,
        epochs=epochs,
        batch_size=4096,
        optimizer=Larc(4.8, weight_decay=1e-6),
        schedule=Cosine(10, final=0.001),
        views=(
            Views(*large, (RandomResizedCrop(smallest), *DISTORTED)),
            Views(*small, (RandomResizedCrop(0.05, largest=0.14), *DISTORTED)),
        ),
        image_size=large[1],
    )


def puzzle(*steps: Augmentation) -> Views:
    """The view that is cut into patches: a crop of 60 to 100 % of the image's area, in 255 pixels.

    Source: https://github.com/facebookresearch/vissl (data/ssl_transforms/img_pil_to_patches_and_image.py) and
    https://github.com/HobbitLong/PyContrast (datasets/util.py, ``jigsaw_transform``).

    Args:
        steps: the steps of augmentation that follow the crop.
    """
    return Views(1, 255, (RandomResizedCrop(0.6), *steps))


def byol_views() -> tuple[Views, ...]:
    """The two views of BYOL, which differ in blur and solarization (Grill et al. 2020, appendix B, table 6)."""
    return Views(1, 224, byol_steps(1.0, 0.0)), Views(1, 224, byol_steps(0.1, 0.2))


def byol_steps(blurred: float, solarized: float, smallest: float = 0.08, largest: float = 1.0) -> Steps:
    """The augmentation of BYOL's views (Grill et al. 2020, appendix B, table 6).

    Args:
        blurred: the probability of blur, in [0, 1].
        solarized: the probability of solarization, in [0, 1].
        smallest: the smallest share of the area that a crop takes.
        largest: the largest share of the area that a crop takes.
    """
    return (
        RandomResizedCrop(smallest, largest=largest),
        HorizontalFlip(),
        ColorJitter(0.4, 0.4, 0.2, 0.1, p=0.8),
        Grayscale(0.2),
        GaussianBlur(0.1, 2.0, p=blurred),
        Solarize(p=solarized),
    )


def phantom(
    method: str,
    *,
    batch_size: int = 64,
    epochs: int = 12,
    learning_rate: float = 2e-3,
    views: tuple[Views, ...] = (),
    augmentation: Steps = DRAWN,
) -> Recipe:
    """A recipe for small drawn images and tiny networks.

    Args:
        method: the method's expression, with sizes that fit few images.
        batch_size: the number of images per step; methods with one view per image take fewer, and so more steps.
        epochs: the number of training epochs.
        learning_rate: the learning rate of Adam at the start.
        views: the views, where they differ; empty if all are alike.
        augmentation: the augmentation of all views, where they are alike.
    """
    return Recipe(
        image_size=32,
        batch_size=batch_size,
        epochs=epochs,
        optimizer=Adam(learning_rate),
        schedule=Cosine(),
        selection="last",
        method=method,
        augmentation=() if views else augmentation,
        views=views,
    )


def as_published(method: str, **settings: Any) -> Recipe:
    """A recipe with the settings that all published recipes share.

    Args:
        method: the method's registry name.
        settings: the other settings of the recipe, by name.
    """
    return Recipe(
        **{"image_size": 224, **settings},
        method=method,
        selection="last",
        stored_size=512,
        normalization="imagenet",
    )
