"""What a dataset holds, read back from what NAME.json says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.counts import ClassCounts, Count, Counts, SplitCounts
from specs.task import METRICS


def counts_of(one: Mapping[str, Any]) -> Counts:
    """The counts that a file holds.

    Raises:
        ValueError: if they are none, or contradict each other.
        TypeError: if a number is none.
    """
    if (kind := one["kind"]) not in METRICS:
        raise ValueError(f"counts of a task of kind {kind}, expected one of {', '.join(METRICS)}")
    splits = {split: _split(one["splits"][split]) for split in SPLITS}
    names = [[of.name for of in split.classes] for split in splits.values()]
    scored = tuple(map(str, one["scored"]))
    if any(other != names[0] for other in names) or not set(scored) <= set(names[0]):
        raise ValueError("expected counts of the same classes in each split, and scored ones among them; found others")
    if kind != "segmentation" and not scored:
        raise ValueError("counts without a scored class; expected one at least")
    return Counts(kind, scored, splits)


def _split(one: Mapping[str, Any]) -> SplitCounts:
    classes = (ClassCounts(str(of["name"]), _count(of["positives"]), _count(of["negatives"])) for of in one["classes"])
    return SplitCounts(_count(one["whole"]), tuple(classes))


def _count(one: Mapping[str, Any]) -> Count:
    patients = one["patients"]
    return Count(_number(one["images"]), None if patients is None else _number(patients))


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is no number of images or patients")
    return value
