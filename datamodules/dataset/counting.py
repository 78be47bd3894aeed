"""Counting what a dataset's splits hold, and comparing it with what was published."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datamodules.dataset.contract import SPLITS, Dataset, Index
from datamodules.dataset.counts import counted
from datamodules.dataset.gaps import Shares, gaps
from datamodules.dataset.splits import Split


@dataclass
class Census:
    """How many images, patients and images of each class a dataset's splits hold.

    Attributes:
        counts: the numbers of ``images``, of ``patients`` and of images with each class, by split.
        excluded: how many images the dataset leaves out, by reason.
        published: the published counts, by row of ``counts`` and then by split; the split ``all`` stands for the sum.
        faults: what makes the splits unfit: shared patients or images, empty splits.
        foreground: the share of each split's pixels that show a class of a segmentation, in [0, 1], by class; None
            where it is not known yet.
        warnings: what a split lacks, such as a class.
    """

    counts: dict[str, dict[Split, int]]
    excluded: dict[str, int] = field(default_factory=dict)
    published: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    foreground: Shares = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def splits(self) -> tuple[Split, ...]:
        """The names of the splits."""
        return SPLITS

    def total(self, name: str) -> int:
        """The sum of a row of ``counts`` over the splits."""
        return sum(self.counts[name].values())

    def differences(self) -> int:
        """How many published counts differ from those of the files."""
        return sum(
            expected != (self.total(name) if split == "all" else self.counts[name][split])  # type: ignore[index]
            for name, row in self.published.items()
            for split, expected in row.items()
        )

    def to_json(self) -> dict[str, Any]:
        """The census as plain data, for JSON."""
        return dataclasses.asdict(self)


def census(dataset: Dataset, index: Index, compare: bool, foreground: Shares | None = None) -> Census:
    """Count an index.

    Args:
        dataset: the dataset, which says what the classes are and what was published.
        index: the splits whose images and patients are counted.
        compare: whether the published counts are of these files.
        foreground: the shares of a segmentation's classes.
    """
    task, held_by_split = dataset.task, counted(index, dataset.task)
    counts: dict[str, dict[Split, int]] = {"images": {}, "patients": {}}
    for split, held in held_by_split.splits.items():
        counts["images"][split] = held.whole.images
        counts["patients"][split] = held.whole.independent
        for one in held.classes:
            if one.name in task.classes:
                counts.setdefault(one.name, {})[split] = one.positives.images
    found = Census(counts, dict(Counter(reason.partition(" of ")[0] for reason in index.excluded.values())))
    found.faults, found.foreground = index.faults(), dict(foreground or {})
    found.warnings = gaps(held_by_split, foreground)
    for text, expected in dataset.published.items() if compare else ():
        first, _, rest = text.partition(" ")
        name, place = (rest, first) if first in SPLITS and rest in counts else (text, "all")
        if name in counts:  # a segmentation dataset whose label files do not say what is empty has no row for it
            found.published.setdefault(name, {})[place] = expected
    return found


def fractions(dataset: Dataset, root: Path, shares: Sequence[float]) -> list[tuple[tuple[float, ...], int, int]]:
    """Shares of the training patients that give the same set, with its numbers of images and patients, rising."""
    sets: dict[tuple[str, ...], list[float]] = {}
    patients: dict[tuple[str, ...], int] = {}
    for share in sorted(set(shares)):
        samples = dataclasses.replace(dataset, fraction=share).index(root).train
        members = tuple(sample.id for sample in samples)
        sets.setdefault(members, []).append(share)
        patients[members] = len({sample.patient for sample in samples})
    return [(tuple(same), len(members), patients[members]) for members, same in sets.items()]
