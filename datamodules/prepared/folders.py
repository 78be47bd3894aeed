"""Where a dataset is prepared."""

from __future__ import annotations

from pathlib import Path

from datamodules.dataset.contract import Dataset
from specs.run import digest

MANIFEST = "manifest.npz"
"""What a prepared dataset's folder holds once it is whole."""

STORAGE_VERSION = 2
"""Raised on purpose when the same files are stored as other bytes than before.

2: pictures are upright, and masks are read by their stored values.
"""


def prepared_folder(dataset: Dataset, name: str, root: Path, cache: Path) -> Path:
    """Where a dataset is or will be prepared: one folder per root and arguments that change pixels."""
    settings = {argument: getattr(dataset, argument) for argument in dataset.pixel_arguments}
    return cache / f"{name}-{digest([STORAGE_VERSION, name, dataset.version, settings, str(root)])[:12]}"
