"""A run's score, and numbers of measures, on resamples of the patients that it was tested on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.bootstrap import draw_counts
from analysis.scores import Score
from datamodules.dataset.sample import Sample
from experiments.measures.measuring.measure import Found, Measure
from experiments.run.paths import Paths
from experiments.run.predictions import rows_of
from experiments.run.store import PREDICTIONS, Record
from lightning_modules.scoring import task_score
from specs.errors import RunError
from specs.run import RunSpec
from specs.task import Task

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
    table = predicted(record, spec, samples)
    counts = draw_counts([sample.patient for sample in samples], resamples, seed=0)
    return plain_numbers(score_named(task, score).of_resamples(rows_of(task, table), counts))


def score_named(task: Task, name: str | None) -> Score:
    """One of the scores of a task; for None the score that the task is judged by."""
    own = task_score(task)
    return own if name is None else own.by_name()[name]


def predicted(record: Record, spec: RunSpec, samples: Sequence[Sample]) -> pa.Table:
    """The stored predictions of a run's test images.

    Args:
        record: the record of a fine-tuning.
        spec: the spec of the run, whose dataset the error names.
        samples: the images that the dataset tests on now, in order.

    Raises:
        RunError: if the predictions are not of these images.
    """
    table = pq.read_table(record.file(PREDICTIONS))
    if table["id"].to_pylist() != [sample.id for sample in samples]:
        raise RunError(
            f"{record.folder}: its predictions are of other images than {spec.dataset} tests on now. The data have "
            "changed since; make the table again."
        )
    return table


def numbers_of_resamples(
    measure: Measure, record: Record, numbers: Found, spec: RunSpec, samples: Sequence[Sample], resamples: int
) -> dict[str, list[float | None]]:
    """A measure's numbers in each resample of the test patients; the same resamples for every run of one test set.

    Args:
        measure: a measure that has numbers of resamples.
        record: the record of a fine-tuning.
        numbers: the numbers that the measure gives for the run.
        spec: the spec of the run.
        samples: the test images in order, which say which patient each is of.
        resamples: the number of resamples.

    Returns:
        The numbers by name, each with one value per resample, None where it is undefined.

    Raises:
        RunError: if the predictions are not those of the test split.
    """
    assert measure.of_resamples is not None
    predicted(record, spec, samples)
    counts = draw_counts([sample.patient for sample in samples], resamples, seed=0)
    return {name: plain_numbers(values) for name, values in measure.of_resamples(record, numbers, counts).items()}


def plain_numbers(values: NDArray[np.float64]) -> list[float | None]:
    """Numbers as JSON holds them: None for NaN."""
    return [None if np.isnan(value) else float(value) for value in values]
