"""What splits lack: classes that none of their images show or that all of them do, and foreground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.counts import ClassCounts, Counts
from datamodules.dataset.splits import Split

NAMED = 3
"""How many classes a sentence names, at most."""

SO: dict[Split, str] = {
    "train": "nothing is learned of that",
    "validation": "no epoch can be selected by that",
    "test": "that has no score",
}
"""The consequence if no image of a split shows a class, or all of them do."""


Shares = Mapping[str, Mapping[Split, float | None]]
"""The share of each split's pixels that show a class, in [0, 1], by class; None where it is not known."""


def gaps(counts: Counts, shares: Shares | None = None) -> list[str]:
    """A sentence on each split that lacks something.

    Args:
        counts: the counts of the splits; those of a segmentation have classes if label files say which masks are empty.
        shares: the shares of a segmentation's classes.
    """
    found: list[str] = []
    for split in SPLITS:
        images = counts.splits[split].whole.images
        if not images:
            continue  # an empty split is refused
        if counts.kind == "segmentation":
            empty = [one.name for one in counts.splits[split].classes if not one.positives.images]
            empty += [name for name, by_split in (shares or {}).items() if by_split.get(split) == 0]
            if empty:
                found.append(without_foreground(split, images, () if len(empty) >= len(shares or empty) else empty))
            continue
        classes = counts.splits[split].classes
        none = [one for one in classes if not one.positives.images]
        every = [] if counts.kind == "multiclass" else [one for one in classes if one.positives.images and _always(one)]
        if none:
            found.append(f"the {split} split has no image with {_named(none)} (0 of {images:,}): {SO[split]}")
        if every:
            found.append(f"the {split} split has no image without {_named(every)} (0 of {images:,}): {SO[split]}")
    return found


def without_foreground(split: Split, images: int, classes: Sequence[str] = ()) -> str:
    """The sentence on a split whose masks do not show some of several classes, or none at all."""
    so = "a network that finds nothing has a Dice of 1 there, which says nothing of it"
    return f"the {split} split shows no {' or '.join(classes) or 'foreground'} in any of its masks ({images:,}): " + (
        "there is nothing to learn" if split == "train" else so
    )


def why_undefined(counts: Counts, score: str) -> str:
    """Why a score of the test split is undefined, in words.

    Args:
        counts: the counts of the splits.
        score: the name of the score, such as ``auroc`` or ``auroc:edema``.
    """
    test, (_, _, name) = counts.splits["test"], score.partition(":")
    if counts.kind == "segmentation":
        return f"no test image shows {name or 'foreground'}"
    classes = [one for one in test.classes if one.name == name] or [
        one for one in test.classes if one.name in counts.scored
    ]
    if len(classes) == 1:
        (one,) = classes
        shown, of = one.positives.images, one.positives.images + one.negatives.images
        return f"one class in the test split: {shown:,} of {of:,} images show {one.name}"
    return f"none of {_named(classes)} is in some images of the test split and absent from others"


def _always(one: ClassCounts) -> bool:
    return not one.negatives.images


def _named(classes: list[ClassCounts]) -> str:
    names = ", ".join(one.name for one in classes[:NAMED])
    return names + (f" and {len(classes) - NAMED} more" if len(classes) > NAMED else "")
