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


def columns(profile: Profile, codes: tuple[str, ...] = tuple(DATASETS)) -> tuple[Column, ...]:
    """The tasks as columns.

    Args:
        profile: whose recipes they have.
        codes: of the tasks.
    """
    return tuple(Column(code, DATASETS[code], recipe_named(RECIPES[profile][code])) for code in codes)
