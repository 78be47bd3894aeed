"""From a tested module to stored predictions and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.metrics import auroc, dice_from_counts
from datamodules.contract import Sample
from specs.files import replacing
from specs.task import Task

Rows = dict[str, NDArray[Any]]

PREDICTIONS = "predictions.parquet"
"""In a fine-tuning's folder: what it predicted of the test split, as ``prediction_table`` holds it."""


def prediction_table(task: Task, samples: tuple[Sample, ...], rows: Rows) -> pa.Table:
    """Predictions of a test split, one row per sample in the split's order.

    Classification: ``id``, ``target:CLASS`` and ``probability:CLASS`` as float64 (NaN: not labelled).
    Segmentation: ``id`` and counts of pixels, ``{network,native}_{whole,fov}_{tp,fp,fn,tn}``.

    Args:
        task: names the classes.
        samples: the test split.
        rows: what the module's ``test_rows`` returned; ``index`` counts the samples.

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


def scores(task: Task, table: pa.Table) -> dict[str, float | None]:
    """All scores of a test split in [0, 1], the task's own first; None where a score is undefined.

    Classification: ``auroc`` (mean over the scored classes that have positives and negatives, or of the task's
    positive classes together) and ``auroc:CLASS``.
    Segmentation: ``dice`` (mean over images at network size, whole image; an empty prediction of an empty mask
    counts 1), the same at native size and inside the field of view, and of each ``..._pooled`` over all pixels and
    ``..._findings`` over the images whose mask is not empty.
    """
    if task.kind == "segmentation":
        return _dice_scores(table)
    targets = np.column_stack([table[f"target:{name}"].to_numpy() for name in task.classes])
    probabilities = np.column_stack([table[f"probability:{name}"].to_numpy() for name in task.classes])
    per_class = dict(zip(task.classes, auroc(targets, probabilities), strict=True))
    if task.positives:
        positive = np.isin(task.classes, task.positives)
        pooled = auroc(
            targets[:, positive].sum(axis=1, keepdims=True), probabilities[:, positive].sum(axis=1, keepdims=True)
        )
        scored = [float(pooled[0])]
    else:
        scored = [per_class[name] for name in task.scored]
    defined = [value for value in scored if np.isfinite(value)]
    mean = float(np.mean(defined)) if defined else None
    return {"auroc": mean} | {
        f"auroc:{name}": float(value) if np.isfinite(value) else None for name, value in per_class.items()
    }


def score_names(task: Task) -> tuple[str, ...]:
    """The names of the scores that ``scores`` gives for a task."""
    if task.kind != "segmentation":
        return "auroc", *(f"auroc:{name}" for name in task.classes)
    regions = [f"dice{size}{region}" for size in ("", "_native") for region in ("", "_fov")]
    return tuple(f"{name}{over}" for name in regions for over in ("", "_pooled", "_findings"))


def _dice_scores(table: pa.Table) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for size in ("network", "native"):
        for region in ("whole", "fov"):
            tp, fp, fn = (table[f"{size}_{region}_{count}"].to_numpy() for count in ("tp", "fp", "fn"))
            name = "dice" + ("" if size == "network" else "_native") + ("" if region == "whole" else "_fov")
            found[name] = float(np.mean(dice_from_counts(tp, fp, fn)))
            found[f"{name}_pooled"] = float(dice_from_counts(tp.sum(), fp.sum(), fn.sum()))
            shown = tp + fn > 0
            found[f"{name}_findings"] = float(np.mean(dice_from_counts(tp, fp, fn)[shown])) if shown.any() else None
    return found
