"""How large a dataset's images are, so that a network's input can be chosen by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median_low

from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from datamodules.prepared.opening import OpenDataset

LOOKED_AT = 32
"""How many images are opened where the dataset is not prepared."""


def shorter_side(opened: OpenDataset) -> int:
    """The median of the shorter sides of the training images, in pixels.

    The sizes of a prepared dataset are known; otherwise some images are opened, at equal distances in the split.

    Raises:
        DataError: if one of them is missing or unreadable.
    """
    samples = opened.index.train
    if opened.prepared is None:
        return side_of_some(opened.dataset, opened.root, samples)
    rows = opened.prepared.rows(samples, type(opened.dataset).__name__)
    sides: list[int] = opened.prepared.shapes[rows].min(axis=1).tolist()
    return median_low(sides)


def side_of_some(dataset: Dataset, root: Path, samples: Sequence[Sample]) -> int:
    """The median of the shorter sides of some images at equal distances, in pixels.

    Args:
        dataset: the dataset, which reads the images.
        root: the folder that holds its files.
        samples: the images, one or more, in order.

    Raises:
        DataError: if one of those that are opened is missing or unreadable.
    """
    step = -(-len(samples) // LOOKED_AT)
    sides: list[int] = [min(dataset.read_image(root, sample).shape[:2]) for sample in samples[::step]]
    return median_low(sides)
