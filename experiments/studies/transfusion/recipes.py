"""Transfusion: the two tasks as far as the paper and its readers say how it trains them (Raghu et al. 2019).

Known: 587 pixels and Adam for fundus photographs, 150,000 steps in a figure; 224 pixels, SGD with momentum 0.9 and
batches of 32 for chest x-rays, 100,000 steps in a figure; a learning rate of 0.001. Every other value is *assumed*,
since the paper does not say it: batches of 8 for photographs, a constant learning rate, no weight decay, augmentation,
validating every 1,000 steps and testing the best of them, early stopping on 5,000 images. ``sources.py`` says of each
value where it is from; `medtransfer table NAME --set SETTING=VALUE` changes any of them.

Input statistics are one for all initializations of a network, *assumed* as in TF-Slim, whose weights the paper took and
whose preprocessing is chosen by network. That of ResNet subtracts ImageNet's means and leaves the deviation as it is;
here they are divided by ImageNet's deviations too, as the weights of ``imagenet`` and those trained here expect.
Inception-v3 has its own (``networks.py``).
"""

from __future__ import annotations

import dataclasses

from specs.recipe import Recipe
from specs.recipe_parts import SGD, Adam, BrightnessContrast, HorizontalFlip, Rotate, VerticalFlip

RETINA = Recipe(
    image_size=587,
    batch_size=8,
    epochs=150,
    interval=1000,
    optimizer=Adam(1e-3),
    selection="metric",
    augmentation=(HorizontalFlip(), VerticalFlip(), BrightnessContrast(0.2)),
    normalization="imagenet",
)

CHEST = Recipe(
    image_size=224,
    batch_size=32,
    epochs=100,
    interval=1000,
    optimizer=SGD(1e-3, 0.9),
    selection="metric",
    augmentation=(Rotate(7),),
    normalization="imagenet",
)

# For the phantom editions. Runs are validated at short intervals, so that differences of a few steps are seen.
PHANTOM_RETINA = Recipe(
    image_size=32,
    batch_size=16,
    epochs=30,
    interval=4,
    optimizer=Adam(2e-3),
    selection="metric",
    augmentation=(HorizontalFlip(), VerticalFlip()),
)


def recipes() -> dict[str, Recipe]:
    """The recipes of both tasks, by names that are made of the profile and the task."""
    return {
        "retina": RETINA,
        # 5,000 images make 625 batches. *Assumed*: validation after each epoch, and early stopping with a patience of
        # ten.
        "retina_small": dataclasses.replace(RETINA, epochs=100, interval=None, early_stopping=10),
        "chest": CHEST,
        "phantom_retina": PHANTOM_RETINA,
        "phantom_retina_small": dataclasses.replace(PHANTOM_RETINA, epochs=30, interval=None),
        "phantom_chest": dataclasses.replace(
            PHANTOM_RETINA, batch_size=32, interval=8, epochs=12, augmentation=(Rotate(5),)
        ),
        # A small share of the photographs makes two batches only, so the interval is no longer than two steps.
        "smoke": dataclasses.replace(PHANTOM_RETINA, epochs=2, interval=2),
        "smoke_chest": dataclasses.replace(PHANTOM_RETINA, epochs=1, interval=3, augmentation=()),
    }
