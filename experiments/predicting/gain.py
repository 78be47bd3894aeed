"""What the mean over several networks gains on the test images, beside the networks one by one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.parquet as pq

from experiments.predicting.deciding import joined, shared
from experiments.run.store import PREDICTIONS, Record
from lightning_modules.scoring import task_score
from specs.task import Task


@dataclass(frozen=True)
class Gain:
    """The test score of an ensemble beside those of its networks.

    Attributes:
        together: the score of the mean of their probabilities, in [0, 1].
        alone: the mean of the scores of the networks one by one, in [0, 1].
        images: how many test images there are.
    """

    together: float
    alone: float
    images: int


def gain_of(records: Sequence[Record], task: Task) -> Gain | None:
    """The gain of an ensemble of classifications; None where it is not known.

    It is not known of a single network, of networks that were tested on different images, as in folds, and of
    segmentations, whose runs keep counts of pixels and no probabilities.

    Args:
        records: the records of the runs.
        task: the task that they learned.

    Raises:
        RunError: if the predictions of a run are damaged.
    """
    if len(records) < 2 or task.kind == "segmentation":
        return None
    tables = [pq.read_table(record.file(PREDICTIONS)) for record in records]
    alone = [record.score for record in records]
    if not shared(tables) or any(score is None for score in alone):
        return None
    together = task_score(task).value(joined(task, tables))
    return Gain(together, statistics.fmean(score for score in alone if score is not None), tables[0].num_rows)
