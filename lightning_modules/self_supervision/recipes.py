"""What the recipes of several self-supervised methods share; each method's own stand in ``pretraining/METHOD.py``.

In a method's file, ``PUBLISHED`` is its training on ImageNet as its authors give it: optimizer, schedule, views and
length; the comment above it names the source of all of them. Temperature, queue, prototypes and heads are the defaults
of the method's function, with their sources. Of all published recipes these are *assumed*: training images are stored
in 512 pixels (the papers crop from the files' own size); batch normalization of the momentum methods and memory banks
is per device, with shuffled keys where the method has them, and over all devices elsewhere; float32; the learning rate
changes once per epoch, where most of the code changes it at each step; images are resampled bilinearly. Batches of
thousands need several GPUs: change ``batch_size`` and the learning rate together.

``PHANTOM`` trains tiny networks in seconds; all of its values are this project's own.
"""

from __future__ import annotations

from typing import Any

from specs.recipe import Recipe
from specs.steps import (
    SGD,
    Adam,
    Augmentation,
    ColorJitter,
    Cosine,
    GaussianBlur,
    Grayscale,
    HorizontalFlip,
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

# Fractals differ in color, turn and shade within a class, so views must too: else an image is known by its color.
DRAWN: Steps = (
    RandomResizedCrop(0.25),
    HorizontalFlip(),
    Rotate(30),
    ColorJitter(0.6, 0.6, 0.6, 0.3),
    Grayscale(0.5),
    GaussianBlur(0.1, 1.0),
)


def sgd(
    method: str,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    schedule: Cosine | MultiStep,
    augmentation: Steps,
) -> Recipe:
    """A published recipe with SGD, momentum 0.9 and weight decay 1e-4, as all that use it."""
    return _published(
        method,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=SGD(learning_rate, 0.9, 1e-4),
        schedule=schedule,
        augmentation=augmentation,
    )


def lars(
    method: str,
    *,
    epochs: int,
    batch_size: int,
    optimizer: Lars,
    schedule: Cosine,
    augmentation: Steps = (),
    views: tuple[Views, ...] = (),
    image_size: int = 224,
) -> Recipe:
    """A published recipe with LARS and batch normalization over all devices; either one augmentation or views."""
    return _published(
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


def swav_crops(method: str, *, epochs: int, large: tuple[int, int], small: tuple[int, int]) -> Recipe:
    """The published recipe of SwAV and of the two methods that its authors trained alike, with crops of two sizes.

    Caron et al. 2020, appendix A, and https://github.com/facebookresearch/swav (scripts/swav_800ep_pretrain.sh,
    scripts/deepclusterv2_800ep_pretrain.sh). The warm-up there begins at 0.3, and prototypes rest for its first 313
    steps; here it begins at 1/11.

    Args:
        method: its registry name.
        epochs: that are trained.
        large: count and size in pixels of the crops of 14 to 100 % of the area.
        small: count and size in pixels of the crops of 5 to 14 % of the area.
    """
    return lars(
        method,
        epochs=epochs,
        batch_size=4096,
        optimizer=Lars(4.8, weight_decay=1e-6),
        schedule=Cosine(10, final=0.001),
        views=(
            Views(*large, (RandomResizedCrop(0.14), *DISTORTED)),
            Views(*small, (RandomResizedCrop(0.05, largest=0.14), *DISTORTED)),
        ),
        image_size=large[1],
    )


def byol_views() -> tuple[Views, ...]:
    """The two views of BYOL, which differ in blur and solarization (Grill et al. 2020, appendix B, table 6)."""

    def steps(blurred: float, solarized: float) -> Steps:
        return (
            RandomResizedCrop(0.08),
            HorizontalFlip(),
            ColorJitter(0.4, 0.4, 0.2, 0.1, p=0.8),
            Grayscale(0.2),
            GaussianBlur(0.1, 2.0, p=blurred),
            Solarize(p=solarized),
        )

    return Views(1, 224, steps(1.0, 0.0)), Views(1, 224, steps(0.1, 0.2))


def phantom(method: str, *, batch_size: int = 64, epochs: int = 12, learning_rate: float = 2e-3) -> Recipe:
    """A recipe for small drawn images and tiny networks.

    Args:
        method: its expression, with sizes that fit few images.
        batch_size: images per step; methods of one view an image take fewer, and so more steps.
        epochs: that are trained.
        learning_rate: of Adam.
    """
    return Recipe(
        image_size=32,
        batch_size=batch_size,
        epochs=epochs,
        optimizer=Adam(learning_rate),
        schedule=Cosine(),
        selection="last",
        method=method,
        augmentation=DRAWN,
    )


def _published(method: str, **settings: Any) -> Recipe:
    """A recipe with what all published ones have alike."""
    return Recipe(
        **{"image_size": 224, **settings},
        method=method,
        selection="last",
        stored_size=512,
        normalization="imagenet",
    )
