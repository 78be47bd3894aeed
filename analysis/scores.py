"""The score of a task: which columns count, how they are averaged, and where the score is undefined.

One definition serves a whole test set, its resamples, and single classes and regions.
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
"""Predictions as arrays by name, with a row per sample.

A classification has ``targets`` and ``probabilities``, (N, K). A segmentation has counts of pixels (N,) whose names say
where they were counted: ``network_whole_tp`` are true positives at the size of the network's input in the whole image;
``native`` stands for the size of the file, ``fov`` for the field of view, ``fp`` and ``fn`` for false positives and
negatives. Of several classes, ``CLASS:`` stands before each name.
"""

Areas = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]
"""A function from targets and scores (N, K) to the area under the ROC curve of each column (K,), NaN if undefined."""

Size = Literal["network", "native"]
Region = Literal["whole", "fov"]
Over = Literal["images", "pixels", "findings"]

SIZES: dict[str, Size] = {"": "network", "_native": "native"}
REGIONS: dict[str, Region] = {"": "whole", "_fov": "fov"}
OVER: dict[str, Over] = {"": "images", "_pooled": "pixels", "_findings": "findings"}
"""How pixels are counted and averaged for a Dice coefficient, by the suffix of its name."""


OF_CLASSES = ("dice", "dice_native", "dice_pooled", "dice_findings")
"""The Dice coefficients that each of several classes of a segmentation has for itself."""


class Score(ABC):
    """A score of a task, in [0, 1]."""

    @abstractmethod
    def value(self, rows: Rows) -> float:
        """The score of a set of predictions, NaN where it is undefined."""

    @abstractmethod
    def of_resamples(self, rows: Rows, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The score of each resample (B,), NaN where it is undefined.

        Args:
            rows: the predictions by name, a row per sample.
            counts: how often each resample draws each row, (B, N), from ``bootstrap.draw_counts``.
        """

    @abstractmethod
    def by_name(self) -> dict[str, Score]:
        """All scores that can be computed from the same predictions, the task's own first."""

    def names(self) -> tuple[str, ...]:
        """The names of all scores, the task's own first."""
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
        """The scored columns of targets or probabilities (N, K), or the sum of the positive classes' columns."""
        if self.positives:
            positive = np.array([name in self.positives for name in self.classes])
            return np.asarray(values[:, positive].sum(axis=1, keepdims=True))
        return values[:, [list(self.classes).index(name) for name in self.scored]]


@dataclass(frozen=True)
class Dice(Score):
    """The Dice coefficient of a segmentation; by default the mean over whole images at the size of the network's input.

    Attributes:
        over: how images are combined. ``images`` takes the mean over images; one without foreground in which none is
            predicted counts 1. ``pixels`` pools the pixels of all images into one coefficient, so that an image counts
            by the size of its foreground. ``findings`` takes the mean over the images whose mask is not empty, and is
            undefined where all are.
        size: the resolution at which pixels are counted: that of the network's input, or that of the file.
        region: the region in which pixels are counted: the whole image, or its field of view.
        classes: the names of several foreground classes: each has a coefficient of its own, in which an image counts by
            that class alone, and the score is their mean, without those that are undefined; empty: there is one class.
    """

    over: Over = "images"
    size: Size = "network"
    region: Region = "whole"
    classes: tuple[str, ...] = ()

    def value(self, rows: Rows) -> float:
        """The score of a set of predictions, NaN where it is undefined."""
        if self.classes:
            return float(mean_of_defined([self._of_class(*self._pixels(rows, name)) for name in self.classes]))
        return self._of_class(*self._pixels(rows))

    def of_resamples(self, rows: Rows, counts: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The score of each resample (B,), NaN where it is undefined."""
        if self.classes:
            of_classes = [self._of_class_resampled(*self._pixels(rows, name), counts) for name in self.classes]
            return mean_of_defined(np.stack(of_classes, axis=-1))
        return self._of_class_resampled(*self._pixels(rows), counts)

    def by_name(self) -> dict[str, Score]:
        """``dice``, and its variants with suffixes.

        ``_native`` counts pixels at the size of the file, ``_fov`` in the field of view, ``_pooled`` over all images
        together, and ``_findings`` takes the images whose mask is not empty. Of several classes, those of each class
        follow, as ``dice:CLASS``, with the variants of ``OF_CLASSES``.
        """
        variants = {
            f"dice{size_suffix}{region_suffix}{over_suffix}": replace(self, over=over, size=size, region=region)
            for size_suffix, size in SIZES.items()
            for region_suffix, region in REGIONS.items()
            for over_suffix, over in OVER.items()
        }
        of_classes = {
            f"{variant}:{name}": replace(variants[variant], classes=(name,))
            for name in self.classes
            for variant in OF_CLASSES
        }
        return {**variants, **of_classes}

    def _pixels(self, rows: Rows, name: str | None = None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """True positives, false positives and false negatives of each image, of one of several classes or the only."""
        place = f"{self.size}_{self.region}" if name is None else f"{name}:{self.size}_{self.region}"
        tp, fp, fn = (rows[f"{place}_{count}"] for count in ("tp", "fp", "fn"))
        return tp, fp, fn

    def _of_class(self, tp: NDArray[Any], fp: NDArray[Any], fn: NDArray[Any]) -> float:
        if self.over == "pixels":
            return float(dice_from_counts(tp.sum(), fp.sum(), fn.sum()))
        each = dice_from_counts(tp, fp, fn)[self._counted(tp, fn)]
        return float(np.mean(each)) if len(each) else math.nan

    def _of_class_resampled(
        self, tp: NDArray[Any], fp: NDArray[Any], fn: NDArray[Any], counts: NDArray[np.uint8]
    ) -> NDArray[np.float64]:
        counted = self._counted(tp, fn)
        mean, pooled = dice_of_resamples(tp[counted], fp[counted], fn[counted], counts[:, counted])
        return pooled if self.over == "pixels" else mean

    def _counted(self, tp: NDArray[Any], fn: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each image counts, (N,)."""
        return np.asarray(tp + fn > 0) if self.over == "findings" else np.ones(len(tp), dtype=bool)


def score_of(
    kind: str, classes: Sequence[str], scored: Sequence[str], positives: Sequence[str], areas: Areas = auroc
) -> Score:
    """The score of a task.

    Args:
        kind: the kind of the task: ``segmentation``, or a kind of classification.
        classes: the names of the outputs, in order.
        scored: the names of those that enter the score.
        positives: the classes that together count as positive; empty: each class is scored on its own.
        areas: how areas under ROC curves are computed.
    """
    if kind == "segmentation":
        return Dice(classes=tuple(scored) if len(classes) > 1 else ())
    return MeanAuroc(classes, scored, positives, areas)


def mean_of_defined(values: ArrayLike) -> NDArray[np.float64]:
    """The mean over the last axis of the values that are not NaN; NaN where all are."""
    every = np.asarray(values, dtype=np.float64)
    if every.ndim == 1:  # a zero instead of a NaN may change the order of a sum, and so the last bits of a score
        every = every[~np.isnan(every)]
    defined = ~np.isnan(every)
    count = defined.sum(axis=-1)
    return np.where(count > 0, np.where(defined, every, 0).sum(axis=-1) / np.maximum(count, 1), np.nan)
