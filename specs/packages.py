"""The import packages of medtransfer, and whether Python would take all of them from this distribution."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGES = (
    "analysis",
    "backbones",
    "datamodules",
    "experiments",
    "initializers",
    "lightning_modules",
    "medtransfer",
    "specs",
)
"""Import packages of this distribution."""

HOME = Path(__file__).resolve().parent.parent
"""The folder that holds all of them."""


def intruder() -> str | None:
    """A package of this name that Python would import from elsewhere, with its folder; None if all are ours.

    The names are general, and a folder ``datamodules`` in a user's own project would shadow ours.
    """
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        folders = [Path(folder).resolve().parent for folder in (spec.submodule_search_locations or [])] if spec else []
        if folders != [HOME]:
            if folders:
                return f"{package} from {folders[0]}"
            return f"{package} from {spec.origin if spec and spec.origin else 'nowhere'}"
    return None


def explained(found: str) -> str:
    """What is wrong and what to do about a package that ``intruder`` found."""
    return (
        f"medtransfer: Python would import {found}, expected it from {HOME}. A folder or distribution of the same name "
        "stands before medtransfer on Python's path: run from another folder, take it off PYTHONPATH, or install "
        "medtransfer into an environment of its own."
    )
