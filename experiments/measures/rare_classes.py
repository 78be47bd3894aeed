"""Scores of a classification that finding what is frequent does not flatter, as ``rare_classes:NUMBER``."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.agreement import (
    average_precision,
    average_precision_of_resamples,
    balanced_accuracy,
    confusions,
    confusions_of_resamples,
    macro_f1,
    quadratic_kappa,
)
from analysis.scores import mean_of_defined
from datamodules.dataset.contract import Dataset
from experiments.measures.measuring.measure import Found, Measure, defined
from experiments.run.paths import Paths
from experiments.run.predictions import stored_rows
from experiments.run.store import Record
from specs.registry import DATASETS
from specs.run import RunSpec

OF_EXCLUSIVE_CLASSES = {"balanced_accuracy": balanced_accuracy, "f1": macro_f1, "quadratic_kappa": quadratic_kappa}
"""The numbers of a task of exclusive classes, by the class that is likeliest."""


def rare_class_scores(record: Record, paths: Paths) -> Found:
    """Compute the scores of a run's test predictions.

    Returns:
        ``average_precision`` in [0, 1], the mean over the scored classes that some image shows, and that of each as
        ``average_precision:CLASS``; of exclusive classes also those of ``OF_EXCLUSIVE_CLASSES``, the kappa in [-1, 1].
        None where a number is undefined.
    """
    task, rows = stored_rows(record)
    targets, probabilities = rows["targets"], rows["probabilities"]
    each = dict(zip(task.classes, average_precision(targets, probabilities).tolist(), strict=True))
    known = [each[name] for name in task.scored if not math.isnan(each[name])]
    found = {"average_precision": float(np.mean(known)) if known else None}
    if task.kind == "multiclass":
        counts = confusions(targets.argmax(axis=1), probabilities.argmax(axis=1), len(task.classes))
        found |= {name: defined(score(counts)) for name, score in OF_EXCLUSIVE_CLASSES.items()}
    return found | {f"average_precision:{name}": defined(value) for name, value in each.items()}


def rare_class_resamples(record: Record, numbers: Found, counts: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """The scores of a run on resamples of its test images, (B,) by the name of the number; NaN where one is undefined.

    Args:
        record: the record of a classification run.
        numbers: the numbers of the run, which say nothing of single images.
        counts: how often each resample draws each test image, (B, N).
    """
    task, rows = stored_rows(record)
    targets, probabilities = rows["targets"], rows["probabilities"]
    scored = [task.classes.index(name) for name in task.scored]
    each = average_precision_of_resamples(targets[:, scored], probabilities[:, scored], counts)
    found = {"average_precision": mean_of_defined(each)}
    if task.kind == "multiclass":
        drawn = confusions_of_resamples(targets.argmax(axis=1), probabilities.argmax(axis=1), len(task.classes), counts)
        for name, score in OF_EXCLUSIVE_CLASSES.items():
            found[name] = np.array([score(one) for one in drawn])
    return found


def _numbers(spec: RunSpec) -> tuple[str, ...]:
    """The numbers of a classification by its kind; segmentations have none."""
    dataset: Dataset = DATASETS.build(spec.dataset)
    if dataset.kind == "segmentation":
        return ()
    return ("average_precision", *(OF_EXCLUSIVE_CLASSES if dataset.kind == "multiclass" else ()))


def rare_classes() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="score", progress="scores of rare classes", compute=rare_class_scores, numbers=_numbers,
        of_resamples=rare_class_resamples,
    )  # fmt: skip
