"""A run's score on resamples of the patients that it was tested on."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.bootstrap import draw_counts
from experiments.run.paths import Paths
from experiments.run.predictions import rows_of
from experiments.run.store import PREDICTIONS, Record
from lightning_modules.scoring import task_score
from specs.errors import RunError
from specs.run import RunSpec

VERSION = 1
"""Raised on purpose when the same run gives other numbers than before."""


def resampled(record: Record, paths: Paths, resamples: int, score: str | None = None) -> list[float | None]:
    """The run's score in each resample of the test patients; the same resamples for every run of one test set.

    Args:
        record: the record of a fine-tuning.
        paths: where its dataset is, which says which patient each image is of.
        resamples: the number of resamples.
        score: the name of one of the task's scores; None takes the score that the task is judged by.

    Returns:
        Scores in [0, 1], None where one is undefined, such as without a positive image.

    Raises:
        RunError: if the predictions are not those of the dataset's test split.
        DataError: if the data are not there.
    """
    spec = RunSpec.from_json(record.data["spec"])
    opened = paths.data_of(spec)
    task, samples = opened.dataset.task, opened.index.test
    table = pq.read_table(record.file(PREDICTIONS))
    if table["id"].to_pylist() != [sample.id for sample in samples]:
        raise RunError(
            f"{record.folder}: its predictions are of other images than {spec.dataset} tests on now. The data have "
            "changed since; make the table again."
        )
    counts = draw_counts([sample.patient for sample in samples], resamples, seed=0)
    own = task_score(task)
    asked = own if score is None else own.by_name()[score]
    return _plain(asked.of_resamples(rows_of(task, table), counts))


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
