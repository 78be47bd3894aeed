"""The folder in which a dataset is prepared."""

from __future__ import annotations

import os
from pathlib import Path

from datamodules.dataset.added import unchanged
from datamodules.dataset.contract import Dataset
from specs.run import digest

MANIFEST = "manifest.npz"
"""The file that a prepared dataset's folder has once it is complete."""

STORAGE_VERSION = 5
"""Raised on purpose when the same files are stored as other bytes than before.

2: pictures are upright, and masks are read by their stored values. 3: how much of each mask is foreground is
stored too. 4: colors of 16 bits, signed and large numbers, and DICOM's bits, floats and functional groups are read in
full; the value that marks the foreground of a mask is stored too. 5: how much of a mask each class is, is stored.
"""


def prepared_folder(dataset: Dataset, name: str, root: Path, cache: Path) -> Path:
    """The folder in which a dataset is or will be prepared: one for each root and for arguments that change pixels."""
    place = os.path.realpath(root)  # the same however the root is spelled
    arguments = [one for one in dataset.pixel_arguments if one not in unchanged(dataset)]
    settings = {argument: getattr(dataset, argument) for argument in arguments}
    return cache / f"{name}-{digest([STORAGE_VERSION, name, dataset.version, settings, place])[:12]}"
