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
"""Dataset expressions by the task's code in the paper, whose letters name its object, modality and kind of task."""

MARGIN_FROM = "ours: half a point, about the standard deviation of single runs in the paper's tables"
"""Where the margin of claims about scores comes from; the paper names none."""

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
"""The names of the tasks' recipes, by profile and code.

``paper`` trains as the official code does, ``phantom`` as the drawn images need, and ``smoke`` for seconds only.
"""

DICE: dict[Profile, str | None] = {"phantom": None, "smoke": None, "paper": "dice_pooled"}
"""The score that columns of segmentation tasks show; None: the Dice coefficient as the mean over images.

In the profile ``paper`` it is the Dice coefficient of all test pixels together. The official code prints it as "Dice",
beside a "Mean Dice" over images, in which an image without a finding counts 1 if none is found (Version1/engine.py, at
the end of ``segmentation_engine``). Which of them the paper's tables hold is not said. Of SIIM-ACR's images 78 % show
no pneumothorax, so that the mean over images would lie well above the printed 68 to 70 %; the pooled one fits. Epochs
are selected by the loss, so that no run depends on it.
"""


def columns(profile: Profile, codes: tuple[str, ...] = tuple(DATASETS)) -> tuple[Column, ...]:
    """The tasks as columns of a table, each with the score that is shown.

    Args:
        profile: the profile whose recipes and scores the columns have.
        codes: the codes of the tasks, of those in ``DATASETS``, in the order of the columns.
    """
    return tuple(
        Column(code, DATASETS[code], recipe_named(RECIPES[profile][code]), score=score_of(profile, code))
        for code in codes
    )


def score_of(profile: Profile, code: str) -> str | None:
    """The name of the test score that is shown of the task with a code; None: the main score of its kind of task."""
    return DICE[profile] if code in SEGMENTATION else None
