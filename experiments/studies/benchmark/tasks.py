"""The seven target tasks of the benchmark, as columns of its tables (Hosseinzadeh Taher et al. 2021, table 1)."""

from __future__ import annotations

from experiments.run.recipes import recipe_named
from experiments.tables.preset import Profile
from experiments.tables.table import Column

DATASETS = {
    "DXC14": "chestxray14",
    "DXC5": "chexpert",
    "TXC": "shenzhen",
    "ECC": "rsna_pe",
    "PXS": "siim_acr",
    "LXS": "montgomery",
    "VFS": "drive",
}
"""Datasets by the paper's code: object, modality and task."""

CLASSIFICATION, SEGMENTATION = ("DXC14", "DXC5", "TXC", "ECC"), ("PXS", "LXS", "VFS")

RECIPES: dict[Profile, dict[str, str]] = {
    "phantom": {
        "DXC14": "phantom/chest",
        "DXC5": "phantom/chest",
        "TXC": "phantom/chest_small",
        "ECC": "phantom/chest_small",
        "PXS": "phantom/segmentation",
        "LXS": "phantom/segmentation",
        "VFS": "phantom/segmentation",
    },
    "smoke": dict.fromkeys(CLASSIFICATION, "phantom/smoke") | dict.fromkeys(SEGMENTATION, "phantom/smoke_segmentation"),
    "paper": {code: f"benchmark/{code.lower()}" for code in DATASETS},
}
"""Names of recipes by code: as the official code trains, as the phantom editions need, and for seconds."""

DICE: dict[Profile, str | None] = {"phantom": None, "smoke": None, "paper": "dice_pooled"}
"""The score of segmentations; None: the mean over images, which is their task's own.

Of the paper's it is the Dice coefficient of all test pixels together. The official code prints it as "Dice", beside a
"Mean Dice" over images, in which an image without a finding counts 1 if none is found (Version1/engine.py, at the
end of ``segmentation_engine``). Which of them the paper's tables hold is not said. Of SIIM-ACR's images 78 % show no
pneumothorax, so that the mean over images would lie well above the printed 68 to 70 %; the pooled one fits. Epochs are
selected by the loss, so that no run depends on it.
"""


def columns(profile: Profile, codes: tuple[str, ...] = tuple(DATASETS)) -> tuple[Column, ...]:
    """The tasks as columns, each with its score.

    Args:
        profile: whose recipes they have.
        codes: of the tasks.
    """
    return tuple(
        Column(code, DATASETS[code], recipe_named(RECIPES[profile][code]), score=score_of(profile, code))
        for code in codes
    )


def score_of(profile: Profile, code: str) -> str | None:
    """Which of a task's test scores is shown, by its code; None: the task's own."""
    return DICE[profile] if code in SEGMENTATION else None
