"""What the tables on real images have in common: networks, rows, columns, and how learning rates are picked."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from experiments.run.recipes import recipe_named
from experiments.tables.table import Column, Row

Profile = Literal["small", "smoke"]

BACKBONE = "efficientnet_lite0"
"""The backbone that is fine-tuned; its ImageNet weights come with a package that is installed."""

STAGES = ("blocks.0", "blocks.1", "blocks.2", "blocks.4", "blocks.6")
"""The stages of the network that are compared, from the input to the output."""

RANDOM = Row("Random", "random")
SCALE = Row("Mean Var of ImageNet", "mean_var(imagenet)")
HEAD = Row("ImageNet, head alone trained", "imagenet", adaptation="head")
IMAGENET = Row("ImageNet", "imagenet")

FEW = "PneumoniaMNIST, 5 % of the training images"
SEEDS = 6
"""The number of runs of a row on few images.

With fewer than 6 no permutation test of steps could be significant after Holm's correction.
"""

TRIED = (2e-3, 1e-2, 5e-2)
"""The learning rates that are tried for every row. Random weights need higher ones here than ImageNet's weights."""

TRIED_AGAIN = 2
"""How many of the learning rates, those that did best, are tried a second time.

With a single run each, a lucky run at too high a rate is often picked.
"""


def shared(profile: Profile) -> dict[str, Any]:
    """The arguments of ``Table`` that all tables on real images have in common."""
    smoke = profile == "smoke"
    return {
        "edition": "phantom" if smoke else "real",
        "protocol": "smoke" if smoke else "tuned",
        "weights": "published, trained on ImageNet",
        "backbone": BACKBONE,
        "reference": RANDOM.label,
        "pretraining": None,
        "tried": TRIED[:1] if smoke else TRIED,
        "tried_again": 0 if smoke else TRIED_AGAIN,
        "threshold": 0.8,
    }


def few(profile: Profile) -> Column:
    """PneumoniaMNIST with few training images, on whose validation images every row's learning rate is picked."""
    recipe = recipe_named("real_images/few")
    if profile == "smoke":
        recipe = dataclasses.replace(recipe, epochs=1)
    return Column(
        FEW,
        'medmnist("pneumoniamnist", fraction=0.05)',
        recipe,
        seeds=2 if profile == "smoke" else SEEDS,
        tuned_on=FEW,
    )


def up_to(stage: str) -> Row:
    """The row with ImageNet's weights from the input up to a stage, and random weights in the stages above it."""
    return Row(f"ImageNet up to {stage}", f'transfuse(imagenet, through="{stage}")', only=FEW)
