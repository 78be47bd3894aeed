"""The seven target tasks of the benchmark, as columns of its tables (Hosseinzadeh Taher et al. 2021, table 1)."""

from __future__ import annotations

from typing import Literal

from experiments.resolve import recipe_named
from experiments.table import Column

Profile = Literal["phantom", "smoke", "paper"]

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

PHANTOM = {
    "DXC14": "chest",
    "DXC5": "chest",
    "TXC": "chest_small",
    "ECC": "chest_small",
    "PXS": "segmentation",
    "LXS": "segmentation",
    "VFS": "segmentation",
}
"""Recipes of ``experiments/recipes/phantom.py``."""


def columns(profile: Profile, codes: tuple[str, ...] = tuple(DATASETS)) -> tuple[Column, ...]:
    """The tasks as columns.

    Args:
        profile: ``paper`` trains as the official code does, ``phantom`` as the phantom editions need, and ``smoke`` for
            seconds.
        codes: of the tasks.
    """
    smoke = {code: "smoke_segmentation" if code in SEGMENTATION else "smoke" for code in codes}
    recipes = {
        "paper": {code: f"benchmark/{code.lower()}" for code in codes},
        "phantom": {code: f"phantom/{PHANTOM[code]}" for code in codes},
        "smoke": {code: f"phantom/{smoke[code]}" for code in codes},
    }[profile]
    return tuple(Column(code, DATASETS[code], recipe_named(recipes[code])) for code in codes)
