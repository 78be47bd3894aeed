"""What a dataset's splits hold, in a sentence."""

from __future__ import annotations

from datamodules.dataset.contract import SPLITS
from datamodules.dataset.counts import Count, Counts

NAMED = 4
"""The most classes for which the sentence says how many images show each."""


def in_words(counts: Counts) -> str:
    """The splits in words: ``train 64 images of 32 patients (16 ill), validation 8 of 4 (2), test 8 of 4 (2)``.

    Args:
        counts: the counts of the splits; where there are many classes, only their number is told.
    """
    parts = []
    for place, split in enumerate(SPLITS):
        held = counts.splits[split]
        classes = held.classes if len(held.classes) <= NAMED else ()
        shown = [f"{one.positives.images:,}" + ("" if place else f" {one.name}") for one in classes]
        parts.append(f"{split} {_counted(held.whole, place == 0)}" + (f" ({', '.join(shown)})" if shown else ""))
    number = len(counts.splits["train"].classes)
    return ", ".join(parts) + (f"; {number} classes" if number > NAMED else "")


def _counted(whole: Count, first: bool) -> str:
    """The numbers of images and patients; the first time, with these words behind them."""
    images = f"{whole.images:,}" + (" images" if first else "")
    return images if whole.patients is None else f"{images} of {whole.patients:,}" + (" patients" if first else "")
