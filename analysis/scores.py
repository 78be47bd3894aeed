"""A task's score: which columns it counts, what their mean is, and where it is undefined.

One definition serves a whole test set, resamples of it, and the classes and regions on their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

SIZES = {"": "network", "_native": "native"}
REGIONS = {"": "whole", "_fov": "fov"}


class Score(ABC):
    """The score of a task, in [0, 1]."""

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
    def names(self) -> tuple[str, ...]:
        """What ``named`` gives, the task's own score first."""

    @abstractmethod
    def named(self, rows: Rows) -> dict[str, float]:
        """All scores of a set of predictions, the task's own first; NaN where one is undefined."""


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

    def names(self) -> tuple[str, ...]:
        """``auroc``, then ``auroc:CLASS`` of each class."""
        return "auroc", *(f"auroc:{name}" for name in self.classes)

    def named(self, rows: Rows) -> dict[str, float]:
        """The score, then the area of each class, scored or not."""
        each = self.areas(rows["targets"], rows["probabilities"])
        return dict(zip(self.names(), (self.value(rows), *map(float, each)), strict=True))

    def columns(self, values: NDArray[Any]) -> NDArray[Any]:
        """What is scored of targets or probabilities (N, K): the scored columns, or one sum of the positive ones."""
        if self.positives:
            positive = np.array([name in self.positives for name in self.classes])
            return np.asarray(values[:, positive].sum(axis=1, keepdims=True))
        return values[:, [list(self.classes).index(name) for name in self.scored]]


class MeanDice(Score):
    """The Dice coefficient of the whole image at the size of the network's input: the mean over images.

    An image without foreground in which none is found counts 1.
    """

    def value(self, rows: Rows) -> float:
        """The score of a set of predictions."""
        return float(np.mean(dice_from_counts(*_pixels(rows, "network_whole"))))

    def of_resamples(self, rows: Rows, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The score of each resample (B,)."""
        return dice_of_resamples(*_pixels(rows, "network_whole"), counts)[0]

    def names(self) -> tuple[str, ...]:
        """``dice``, the same in the field of view (``_fov``) and at the size of the file (``_native``).

        And of each of them ``_pooled``, over all pixels together, and ``_findings``, over the images whose mask is not
        empty.
        """
        regions = [f"dice{size}{region}" for size in SIZES for region in REGIONS]
        return tuple(f"{name}{over}" for name in regions for over in ("", "_pooled", "_findings"))

    def named(self, rows: Rows) -> dict[str, float]:
        """The score, and those of the other sizes, regions and means."""
        found = []
        for size in SIZES.values():
            for region in REGIONS.values():
                tp, fp, fn = _pixels(rows, f"{size}_{region}")
                each, shown = dice_from_counts(tp, fp, fn), tp + fn > 0
                pooled = dice_from_counts(tp.sum(), fp.sum(), fn.sum())
                found += [np.mean(each), pooled, np.mean(each[shown]) if shown.any() else np.nan]
        return dict(zip(self.names(), map(float, found), strict=True))


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
    return MeanDice() if kind == "segmentation" else MeanAuroc(classes, scored, positives, areas)


def mean_of_defined(values: ArrayLike) -> NDArray[np.float64]:
    """The mean over the last axis of what is not NaN; NaN where all is."""
    every = np.asarray(values, dtype=np.float64)
    if every.ndim == 1:  # a zero in the place of a NaN may change the order of a sum, and so the last bits of a score
        every = every[~np.isnan(every)]
    defined = ~np.isnan(every)
    count = defined.sum(axis=-1)
    return np.where(count > 0, np.where(defined, every, 0).sum(axis=-1) / np.maximum(count, 1), np.nan)


def _pixels(rows: Rows, name: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """True positives, false positives and false negatives of each image."""
    return rows[f"{name}_tp"], rows[f"{name}_fp"], rows[f"{name}_fn"]
