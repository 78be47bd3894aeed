"""A dataset in folds: all of its patients are pooled, and each is tested on in one of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.dealing import deal
from datamodules.dataset.sample import Sample
from datamodules.dataset.splits import Split
from datamodules.prepared.opening import OpenDataset
from specs.fold import Fold
from specs.task import Task


def in_fold(opened: OpenDataset, fold: Fold) -> OpenDataset:
    """The dataset with the splits of a fold: the fold tests, the next one (after the last, the first) validates.

    All other folds train.

    What a dataset does with a sample by split (such as with uncertain labels) it does by these splits, and the share of
    the training patients that it uses is one of the patients that train here. Images that cannot be read, that are
    there twice, or whose labels contradict each other, as far as ``medtransfer prepare`` found them, are in no fold,
    since two folds might share them. Nothing else depends on the training split: what is prepared holds the images of
    all splits, and input is normalized by constants.

    Args:
        opened: the dataset with its own splits.
        fold: the fold that is tested on, of a division of all its patients.

    Raises:
        UsageError: if there are too few patients, over all or of a class that is scored, for so many folds.
    """
    dataset, pool = opened.dataset, opened.index.pool
    dealt = _dealt(pool, dataset.task, fold.of)
    roles: dict[int, Split] = {fold.number: "test", (fold.number + 1) % fold.of: "validation"}
    splits: dict[Split, list[Sample]] = {name: [] for name in SPLITS}
    for sample in sorted(pool, key=lambda sample: sample.id):
        splits[roles.get(dealt[sample.patient], "train")].append(sample)
    used = dataset.used(splits)
    index = dataclasses.replace(
        opened.index, train=used["train"], validation=used["validation"], test=used["test"], pool=()
    )
    return dataclasses.replace(opened, index=index)


@lru_cache(maxsize=2)
def _dealt(pool: tuple[Sample, ...], task: Task, folds: int) -> Mapping[str, int]:
    """The fold of each patient, kept since a plan asks for it once for each fold."""
    return deal(pool, task, folds)
