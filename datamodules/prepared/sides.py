"""How large a dataset's images are, so that a network's input can be chosen by it."""

from __future__ import annotations

from statistics import median_low

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
    if opened.prepared is not None:
        rows = opened.prepared.rows(samples, type(opened.dataset).__name__)
        sides: list[int] = opened.prepared.shapes[rows].min(axis=1).tolist()
    else:
        step = -(-len(samples) // LOOKED_AT)
        sides = [min(opened.dataset.read_image(opened.root, sample).shape[:2]) for sample in samples[::step]]
    return median_low(sides)
