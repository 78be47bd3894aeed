"""medtransfer: which initialization should a medical-imaging task be fine-tuned from, and why?

The names that users and plugins need; each is imported when it is first used, so that the command line stays quick.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

PACKAGES = ("analysis", "backbones", "datamodules", "experiments", "initializers", "lightning_modules", "specs")

_PUBLIC = {
    "Backbone": "backbones.contract",
    "Stage": "backbones.contract",
    "Dataset": "datamodules.contract",
    "Index": "datamodules.contract",
    "Sample": "datamodules.contract",
    "ImageDataModule": "datamodules.lightning",
    "Initializer": "initializers.contract",
    "Weights": "initializers.contract",
    "LoadReport": "initializers.loading",
    "initialize": "initializers.loading",
    "ClassificationModule": "lightning_modules.classification",
    "SegmentationModule": "lightning_modules.segmentation",
    "Places": "experiments.places",
    "run": "experiments.runner",
    "Card": "specs.card",
    "Normalization": "specs.card",
    "Call": "specs.expression",
    "parse": "specs.expression",
    "Recipe": "specs.recipe",
    "BACKBONES": "specs.registry",
    "DATASETS": "specs.registry",
    "INITIALIZERS": "specs.registry",
    "RunSpec": "specs.run",
    "Task": "specs.task",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'medtransfer' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])


def intruder() -> str | None:
    """A package of ours that Python would take from elsewhere, with where; None if all are ours.

    The names are general, and a folder ``datamodules`` in the user's own project would shadow ours.
    """
    home = Path(__file__).resolve().parent
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        folders = [Path(folder).resolve().parent for folder in (spec.submodule_search_locations or [])] if spec else []
        if folders != [home]:
            return f"{package} from {folders[0] if folders else 'nowhere'}"
    return None


def main() -> int:
    """The command line; returns the exit status."""
    import sys

    found = intruder()
    if found:
        print(
            f"medtransfer: Python would import {found}, expected it from {Path(__file__).resolve().parent}. "
            "A folder or distribution of the same name stands before medtransfer on Python's path: run from another "
            "folder, take it off PYTHONPATH, or install medtransfer into an environment of its own.",
            file=sys.stderr,
        )
        return 2
    from experiments.command_line import main as command_line

    return command_line()


if __name__ == "__main__":
    raise SystemExit(main())
