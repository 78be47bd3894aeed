"""How much of a segmentation's images is foreground: a split without any teaches nothing and tests nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datamodules.dataset.contract import SPLITS, Dataset
from datamodules.dataset.gaps import Shares
from datamodules.dataset.sample import Sample
from datamodules.prepared.class_pixels import class_pixels
from datamodules.prepared.opening import OpenDataset
from datamodules.prepared.storage import Prepared
from datamodules.prepared.view import View


def shares(view: View) -> Shares:
    """The share of the pixels of each split's images that show each class of a segmentation, in [0, 1].

    Where the dataset is not prepared, masks are read if its files are read at each start anyway.

    Returns:
        The shares by class; nothing of a classification.

    Raises:
        DataError: if a mask that has to be read is damaged.
    """
    if view.dataset.kind != "segmentation":
        return {}
    by_split = {split: _shares_of(view, view.index.split(split)) for split in SPLITS}
    return {
        name: {split: found[number] if found else None for split, found in by_split.items()}
        for number, name in enumerate(view.dataset.task.classes)
    }


def _shares_of(view: View, samples: Sequence[Sample]) -> list[float] | None:
    """The share of each class."""
    if view.prepared is not None:
        rows = _with_masks(view.prepared, view.dataset, samples)
        area = int(view.prepared.shapes[rows].prod(axis=1).sum())
        pixels = view.prepared.foreground[rows].sum(axis=0)
    elif view.fixed:
        masks = [view.dataset.read_mask(view.root, sample) for sample in samples]
        area = sum(mask.size for mask in masks)
        pixels = sum((class_pixels(mask, view.dataset.task) for mask in masks), np.zeros(1, np.int64))
    else:
        return None
    return (pixels / area).tolist() if area else None


def shows_any(opened: OpenDataset, samples: Sequence[Sample]) -> bool:
    """Whether any pixel of the samples' masks is foreground; masks are read up to the first one that has some.

    Raises:
        DataError: if a mask that has to be read is damaged.
    """
    dataset, root = opened.dataset, opened.root
    if opened.prepared is not None:
        return bool((opened.prepared.foreground[_with_masks(opened.prepared, dataset, samples)] > 0).any())
    return any(_marked(dataset, root, sample) for sample in samples)


def _marked(dataset: Dataset, root: Path, sample: Sample) -> bool:
    return bool(class_pixels(dataset.read_mask(root, sample), dataset.task).any())


def _with_masks(prepared: Prepared, dataset: Dataset, samples: Sequence[Sample]) -> NDArray[np.int64]:
    """The rows of the manifest for those of the samples that have a mask."""
    rows = prepared.rows(samples, type(dataset).__name__)
    found: NDArray[np.int64] = rows[(prepared.foreground[rows] >= 0).all(axis=1)]
    return found
