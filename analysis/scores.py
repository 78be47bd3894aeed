"""A task's score: which columns it counts, what their mean is, and where it is undefined.

One definition serves a whole test set, resamples of it, and the classes and regions on their own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.bootstrap import auroc_of_resamples, dice_of_resamples
from analysis.metrics import auroc, dice_from_counts

Rows = Mapping[str, NDArray[Any]]
"""Predictions by name, a row per sample. Of classes ``targets`` and ``probabilities``, (N, K); of a segmentation counts
of pixels (N,), as ``network_whole_tp``: at the size of the network's input or of the file, of the whole image or its
field of view, true and false positives and negatives."""

Areas = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]
"""From targets and scores (N, K) to the area under the ROC curve of each column (K,), NaN where it is undefined."""

Size = Literal["network", "native"]
Region = Literal["whole", "fov"]
Over = Literal["images", "pixels", "findings"]

SIZES: dict[str, Size] = {"": "network", "_native": "native"}
REGIONS: dict[str, Region] = {"": "whole", "_fov": "fov"}
OVER: dict[str, Over] = {"": "images", "_pooled": "pixels", "_findings": "findings"}
"""What a Dice coefficient is of, by the part of its name that says so."""


class Score(ABC):
    """A score of a task, in [0, 1]."""

    @abstractmethod
    def value(self, rows: Rows) -> float:
        """The score of a set of predictions, NaN where it is undefined."""

    @abstractmethod
    def of_resamples(self, rows: Rows, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The score of each resample (B,), NaN where it is undefined.

        Args:
            rows: the predictions.
            counts: how often each resample draws each row, (B, N), from ``bootstrap.draw_counts``.
        """

    @abstractmethod
    def by_name(self) -> dict[str, Score]:
        """All scores that there are of the same predictions, the task's own first."""

    def names(self) -> tuple[str, ...]:
        """What ``named`` gives, the task's own score first."""
        return tuple(self.by_name())

    def named(self, rows: Rows) -> dict[str, float]:
        """All scores of a set of predictions, the task's own first; NaN where one is undefined."""
        return {name: score.value(rows) for name, score in self.by_name().items()}


@dataclass(frozen=True)
class MeanAuroc(Score):
    """The area under the ROC curve of the scored classes: the mean over those where it is defined.

    Where a class has no positives or no negatives, its area is undefined and left out of the mean; where all are, the
    mean is undefined.

    Attributes:
        classes: the names of the columns.
        scored: the names of those whose areas make the mean.
        positives: the classes that together count as positive: the score is then one area, of their summed
            probability; empty: each class is scored on its own.
        areas: how the areas are computed.
    """

    classes: Sequence[str]
    scored: Sequence[str]
    positives: Sequence[str] = ()
    areas: Areas = auroc

    def value(self, rows: Rows) -> float:
        """The score of a set of predictions, NaN where it is undefined."""
        return float(mean_of_defined(self.areas(self.columns(rows["targets"]), self.columns(rows["probabilities"]))))

    def of_resamples(self, rows: Rows, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The score of each resample (B,), NaN where it is undefined."""
        targets, probabilities = self.columns(rows["targets"]), self.columns(rows["probabilities"])
        return mean_of_defined(auroc_of_resamples(targets, probabilities, counts))

    def by_name(self) -> dict[str, Score]:
        """``auroc``, then ``auroc:CLASS``, the area of each class, scored or not."""
        each = {f"auroc:{name}": replace(self, scored=(name,), positives=()) for name in self.classes}
        return {"auroc": self, **each}

    def columns(self, values: NDArray[Any]) -> NDArray[Any]:
        """What is scored of targets or probabilities (N, K): the scored columns, or one sum of the positive ones."""
        if self.positives:
            positive = np.array([name in self.positives for name in self.classes])
            return np.asarray(values[:, positive].sum(axis=1, keepdims=True))
        return values[:, [list(self.classes).index(name) for name in self.scored]]


@dataclass(frozen=True)
class Dice(Score):
    """The Dice coefficient of a segmentation; by default the mean over whole images at the size of the network's input.

    Attributes:
        over: ``images`` takes the mean over images, of which one without foreground in which none is found counts 1;
            ``pixels`` pools the pixels of all images into one coefficient, to which an image contributes by the size of
            what it shows and of what is found; ``findings`` takes the mean over the images whose mask is not empty, and
            is undefined where all are.
        size: at which pixels are counted: of the network's input, or of the file.
        region: in which they are: the whole image, or its field of view.
    """

    over: Over = "images"
    size: Size = "network"
    region: Region = "whole"

    def value(self, rows: Rows) -> float:
        """The score of a set of predictions, NaN where it is undefined."""
        tp, fp, fn = self._pixels(rows)
        if self.over == "pixels":
            return float(dice_from_counts(tp.sum(), fp.sum(), fn.sum()))
        each = dice_from_counts(tp, fp, fn)[self._counted(rows)]
        return float(np.mean(each)) if len(each) else math.nan

    def of_resamples(self, rows: Rows, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The score of each resample (B,), NaN where it is undefined."""
        counted = self._counted(rows)
        tp, fp, fn = (pixels[counted] for pixels in self._pixels(rows))
        mean, pooled = dice_of_resamples(tp, fp, fn, counts[:, counted])
        return pooled if self.over == "pixels" else mean

    def by_name(self) -> dict[str, Score]:
        """``dice``, the same in the field of view (``_fov``) and at the size of the file (``_native``).

        And of each of them ``_pooled``, over all pixels together, and ``_findings``, over the images whose mask is not
        empty.
        """
        return {
            f"dice{at}{within}{of}": Dice(over, size, region)
            for at, size in SIZES.items()
            for within, region in REGIONS.items()
            for of, over in OVER.items()
        }

    def _pixels(self, rows: Rows) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """True positives, false positives and false negatives of each image."""
        tp, fp, fn = (rows[f"{self.size}_{self.region}_{count}"] for count in ("tp", "fp", "fn"))
        return tp, fp, fn

    def _counted(self, rows: Rows) -> NDArray[np.bool_]:
        """Of each image, whether it counts."""
        tp, _, fn = self._pixels(rows)
        return np.asarray(tp + fn > 0) if self.over == "findings" else np.ones(len(tp), dtype=bool)


def score_of(
    kind: str, classes: Sequence[str], scored: Sequence[str], positives: Sequence[str], areas: Areas = auroc
) -> Score:
    """The score of a task.

    Args:
        kind: ``segmentation``, or a kind of classification.
        classes: the names of the outputs, in order.
        scored: the names of those that enter the score.
        positives: the classes that together count as positive; empty: each class is scored on its own.
        areas: how areas under ROC curves are computed.
    """
    return Dice() if kind == "segmentation" else MeanAuroc(classes, scored, positives, areas)


def mean_of_defined(values: ArrayLike) -> NDArray[np.float64]:
    """The mean over the last axis of what is not NaN; NaN where all is."""
    every = np.asarray(values, dtype=np.float64)
    if every.ndim == 1:  # a zero in the place of a NaN may change the order of a sum, and so the last bits of a score
        every = every[~np.isnan(every)]
    defined = ~np.isnan(every)
    count = defined.sum(axis=-1)
    return np.where(count > 0, np.where(defined, every, 0).sum(axis=-1) / np.maximum(count, 1), np.nan)
