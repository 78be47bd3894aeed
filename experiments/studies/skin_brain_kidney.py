"""Skin, brain, kidney: random, Mean Var and pretrained weights on three segmentations: photographs, MR and CT."""

from __future__ import annotations

from typing import Any, Literal

from experiments.run.recipes import recipe_named
from experiments.tables.table import Column, Row, Table

Profile = Literal["phantom", "smoke", "real"]
"""``phantom`` runs on drawn images in minutes, ``smoke`` on the same in seconds; ``real`` is for the real datasets, a
GPU and days."""

TASKS: dict[str, dict[Profile, str]] = {
    "Skin lesion": dict.fromkeys(("phantom", "smoke", "real"), "isic2018"),
    "Brain tumour": {"phantom": "brats2020", "smoke": "brats2020", "real": "brats2020(every=5)"},
    "Kidney and tumour": {"phantom": "kits19", "smoke": "kits19", "real": "kits19(every=5)"},
}
"""The dataset expression of each task by profile. Neighbouring slices show nearly the same, so of the real volumes
every fifth one is taken: 31 of each of BraTS 2020."""

RECIPES: dict[Profile, str] = {
    "phantom": "phantom/segmentation",
    "smoke": "phantom/smoke_segmentation",
    "real": "compare/segmentation",
}

TRIED = (1e-4, 3e-4, 1e-3)
"""The learning rates that are tried for every row on real images, those of ``medtransfer compare``."""


def skin_brain_kidney(profile: Profile = "phantom") -> Table:
    """Three initializations of a U-Net's encoder for skin lesions, brain tumours in four sequences, and kidneys.

    The Dice of slices is that of all test pixels together: a slice without a tumour has a Dice of 1 or of 0, and a mean
    over slices would tell of these alone. The Dice of whole volumes stands beside it.
    """
    real = profile == "real"
    source, name = ("imagenet", "ImageNet") if real else ("fractals", "fractals")
    columns = tuple(
        Column(
            label,
            expressions[profile],
            recipe_named(RECIPES[profile]),
            score=None if expressions[profile] == "isic2018" else "dice_pooled",
            tuned_on=label if real else None,
        )
        for label, expressions in TASKS.items()
    )
    return Table(
        title="Skin lesions, brain tumours and kidneys",
        question="Which initialization should a segmentation of photographs, MR and CT be fine-tuned from?",
        rows=(Row("random", "random"), Row(f"Mean Var of {name}", f"mean_var({source})"), Row(name, source)),
        columns=columns[1:2] if profile == "smoke" else columns,
        reference="random",
        **_settings(profile),
    )


def _settings(profile: Profile) -> dict[str, Any]:
    """What a profile says of data, weights and runs."""
    if profile == "real":
        return {
            "edition": "real",
            "protocol": "tuned",
            "weights": "published, trained on ImageNet",
            "backbone": "resnet50",
            "pretraining": None,
            "tried": TRIED,
            "seeds": 3,
        }
    smoke = profile == "smoke"
    return {
        "edition": "phantom",
        "protocol": "smoke" if smoke else "small",
        "weights": "trained here",
        "backbone": "tiny(width=8)",
        "pretraining": recipe_named("phantom/smoke_pretraining" if smoke else "phantom/pretraining"),
        "seeds": 2 if smoke else 3,
    }
