"""Sensitivity and specificity of classifications at thresholds of the validation split, as ``operating_points:NUMBER``.

``analysis.operating`` has the rule by which thresholds are chosen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.operating import STATED, sensitivities, specificities, thresholds_at_specificity
from analysis.scores import mean_of_defined
from datamodules.dataset.contract import Dataset
from experiments.measures.measuring.measure import Found, Measure, defined
from experiments.run.paths import Paths
from experiments.run.predictions import Rows, rows_of, stored_rows
from experiments.run.record_views import validation_predictions
from experiments.run.store import VALIDATION_PREDICTIONS, Record
from specs.registry import DATASETS
from specs.run import RunSpec
from specs.task import Task

NUMBERS = ("sensitivity_at_specificity", "specificity_reached", "specificity_at_sensitivity", "sensitivity_reached")
"""What the test split has at the threshold for the stated specificity, and at that for the stated sensitivity."""


def operating_point_numbers(record: Record, paths: Paths) -> Found:
    """Compute the numbers of a run's test predictions at thresholds of its validation predictions.

    Returns:
        Each of ``NUMBERS`` in [0, 1], the mean over the scored classes that have a threshold and test images of the
        kind that it counts; and that of each class as ``NUMBER:CLASS``. None where a number is undefined.

    Raises:
        RunError: if the run is of an earlier version, which kept no validation predictions.
    """
    task = _task(record)
    by_class = _by_class(record, None)
    scored = [task.classes.index(name) for name in task.scored]
    found = {number: defined(float(mean_of_defined(values[0, scored]))) for number, values in by_class.items()}
    each = {
        f"{number}:{name}": defined(float(value))
        for number, values in by_class.items()
        for name, value in zip(task.classes, values[0], strict=True)
    }
    return found | each


def operating_point_resamples(
    record: Record, numbers: Found, counts: NDArray[np.uint8]
) -> dict[str, NDArray[np.float64]]:
    """The numbers of a run on resamples of its test images, (B,) by name; the thresholds stay as they are.

    Args:
        record: the record of a classification run.
        numbers: the numbers of the run, which say nothing of single images.
        counts: how often each resample draws each test image, (B, N).
    """
    task = _task(record)
    scored = [task.classes.index(name) for name in task.scored]
    return {number: mean_of_defined(values[:, scored]) for number, values in _by_class(record, counts).items()}


def _by_class(record: Record, counts: NDArray[np.uint8] | None) -> dict[str, NDArray[np.float64]]:
    """The numbers of each class on resamples of the test images, (B, K); without ``counts`` on the images, (1, K)."""
    chosen_on, tested = _validated(record), stored_rows(record)[1]
    if counts is None:
        counts = np.ones((1, len(tested["targets"])), np.uint8)
    targets, scores = tested["targets"], tested["probabilities"]
    above = thresholds_at_specificity(chosen_on["targets"], chosen_on["probabilities"], STATED)
    mirrored = thresholds_at_specificity(1 - chosen_on["targets"], -chosen_on["probabilities"], STATED)
    values = (
        sensitivities(targets, scores, above, counts),
        specificities(targets, scores, above, counts),
        sensitivities(1 - targets, -scores, mirrored, counts),
        specificities(1 - targets, -scores, mirrored, counts),
    )
    return dict(zip(NUMBERS, values, strict=True))


def thresholds_of(record: Record) -> NDArray[np.float64]:
    """The threshold of each class, (K,), above which an image is told as positive; NaN where a class has none.

    Each is the smallest one with a specificity of ``STATED`` or more on the validation split.

    Raises:
        RunError: if the run is of an earlier version, which kept no validation predictions.
    """
    chosen_on = _validated(record)
    return thresholds_at_specificity(chosen_on["targets"], chosen_on["probabilities"], STATED)


def _validated(record: Record) -> Rows:
    """The predictions of a run on its validation split."""
    return rows_of(_task(record), validation_predictions(record))


def _task(record: Record) -> Task:
    dataset: Dataset = DATASETS.build(RunSpec.from_json(record.data["spec"]).dataset)
    return dataset.task


def _numbers(spec: RunSpec) -> tuple[str, ...]:
    """The numbers of a task of yes and no; tasks of exclusive classes and segmentations have none."""
    task = DATASETS.build(spec.dataset).task
    if task.kind not in ("binary", "multilabel"):
        return ()
    return (*NUMBERS, *(f"{number}:{name}" for number in NUMBERS for name in task.classes))


def operating_points() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="share", progress="operating points", compute=operating_point_numbers, numbers=_numbers,
        of_resamples=operating_point_resamples, reads=VALIDATION_PREDICTIONS,
    )  # fmt: skip
