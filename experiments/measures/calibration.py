"""How well the probabilities of a classification are calibrated, as ``calibration:error``."""

from __future__ import annotations

import math

import numpy as np

from analysis.calibration import calibration_error
from datamodules.dataset.contract import Dataset
from experiments.measures.measuring.measure import Found, Measure, defined
from experiments.run.paths import Paths
from experiments.run.store import PREDICTIONS, Record
from specs.registry import DATASETS
from specs.run import RunSpec


def calibration_errors(record: Record, paths: Paths) -> Found:
    """The expected calibration error of each class that counts in the run's score, and the mean over these classes.

    Each class is an event of its own, with the probability that the network gave it on the test images.

    Returns:
        ``error`` in [0, 1], the mean over the classes, None if no class has labels; and the error of each class as
        ``error:CLASS``.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(record.file(PREDICTIONS))
    names = [name.partition(":")[2] for name in table.column_names if name.startswith("target:")]
    scored = [name for name in names if f"auroc:{name}" in record.data["outcome"]["scores"]] or names
    errors = {
        name: calibration_error(table[f"probability:{name}"].to_numpy(), table[f"target:{name}"].to_numpy())
        for name in scored
    }
    known = [error for error in errors.values() if not math.isnan(error)]
    mean = float(np.mean(known)) if known else None
    return {"error": mean} | {f"error:{name}": defined(error) for name, error in errors.items()}


def _numbers(spec: RunSpec) -> tuple[str, ...]:
    """The names of the numbers that a run may have; none for a segmentation."""
    dataset: Dataset = DATASETS.build(spec.dataset)
    return () if dataset.kind == "segmentation" else ("error",)


def calibration() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="ECE", progress="calibration errors", compute=calibration_errors, numbers=_numbers
    )  # fmt: skip
