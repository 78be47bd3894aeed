"""From a tested module to stored predictions and scores."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from datamodules.dataset.contract import Dataset
from datamodules.dataset.sample import Sample
from experiments.run.store import PREDICTIONS, Record
from lightning_modules.scoring import task_score
from specs.files import replacing
from specs.registry import DATASETS
from specs.run import RunSpec
from specs.task import Task

Rows = dict[str, NDArray[Any]]
"""Outputs of a network on a split by name, each an array whose first axis counts the images."""


def prediction_table(task: Task, samples: tuple[Sample, ...], rows: Rows) -> pa.Table:
    """Predictions of a test split, one row per sample in the split's order.

    Classification: ``id``, ``target:CLASS`` and ``probability:CLASS`` as float64 (NaN: not labelled).
    Segmentation: ``id`` and counts of pixels, ``{network,native}_{whole,fov}_{tp,fp,fn,tn}``.

    Args:
        task: the task, whose classes name the columns.
        samples: the images of the test split, in its order.
        rows: the rows that the module's ``test_rows`` returned, in the order of ``samples``; ``index`` holds the
            position of each row's image in the split.

    Raises:
        ValueError: if a sample has no prediction or more than one.
    """
    if not np.array_equal(rows["index"], np.arange(len(samples))):
        raise ValueError(f"expected one prediction for each of {len(samples)} samples, found {len(rows['index'])}")
    columns: dict[str, Any] = {"id": [sample.id for sample in samples]}
    if task.kind == "segmentation":
        columns |= {name: values for name, values in rows.items() if name != "index"}
    else:
        for number, name in enumerate(task.classes):
            columns[f"target:{name}"] = rows["targets"][:, number]
            columns[f"probability:{name}"] = rows["probabilities"][:, number]
    return pa.table(columns)


def write_predictions(table: pa.Table, path: Path) -> None:
    """Write the predictions as Parquet."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def rows_of(task: Task, table: pa.Table) -> Rows:
    """Stored predictions in the form that the task's score takes, of shape (N, classes) for a classification."""
    if task.kind == "segmentation":
        return {name: table[name].to_numpy() for name in table.column_names if name != "id"}
    return {
        plural: np.column_stack([table[f"{kind}:{name}"].to_numpy() for name in task.classes])
        for kind, plural in (("target", "targets"), ("probability", "probabilities"))
    }


def stored_rows(record: Record, file: str = PREDICTIONS) -> tuple[Task, Rows]:
    """The task of a fine-tuning, and its stored predictions in the form that the task's score takes.

    Args:
        record: the record of the finished fine-tuning.
        file: the file of the run that holds the predictions: those of the test split, or of the validation split.

    Raises:
        RunError: if the file is gone or damaged.
    """
    dataset: Dataset = DATASETS.build(RunSpec.from_json(record.data["spec"]).dataset)
    return dataset.task, rows_of(dataset.task, pq.read_table(record.file(file)))


def scores(task: Task, table: pa.Table) -> dict[str, float | None]:
    """All scores of a test split in [0, 1], the one that the task is judged by first; None where a score is undefined.

    Classification: ``auroc`` (the mean over the scored classes that have positives and negatives, or the AUROC of the
    task's positive classes taken together) and ``auroc:CLASS``.
    Segmentation: ``dice`` (the mean over images at network size, whole image; an empty prediction of an empty mask
    counts 1), and the same at native size and inside the field of view. Each of these is also given as ``..._pooled``,
    over the pixels of all images together, and as ``..._findings``, over the images whose mask is not empty.
    """
    named = task_score(task).named(rows_of(task, table))
    return {name: value if math.isfinite(value) else None for name, value in named.items()}


def score_names(task: Task) -> tuple[str, ...]:
    """The names of the scores that ``scores`` gives for a task."""
    return task_score(task).names()
