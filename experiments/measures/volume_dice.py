"""The Dice coefficient of whole volumes and of patients, of slices that were segmented one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.scores import Rows
from datamodules.dataset.contract import Dataset
from datamodules.slicing.sliced import Sliced
from experiments.measures.measuring.measure import Found, Measure, defined
from experiments.run.paths import Paths
from experiments.run.predictions import rows_of
from experiments.run.store import PREDICTIONS, Record
from lightning_modules.scoring import task_score
from specs.errors import RunError
from specs.registry import DATASETS
from specs.run import RunSpec
from specs.task import Task

SCORES = ("dice", "dice_native")
"""The scores of ``analysis.scores.Dice`` that are given of volumes and of patients: at the size of the network's input,
and at that of the slices."""


def volume_dice_scores(record: Record, paths: Paths) -> Found:
    """Compute the Dice of each test volume and of each test patient from the pixels that all of their slices count.

    Returns:
        ``dice`` and ``dice_native``, the means over volumes, and ``patients_dice`` and ``patients_dice_native``, the
        means over patients, in [0, 1]; of several classes also those of each class, as ``dice:CLASS``.

    Raises:
        RunError: if the predictions are of other slices than the dataset has now.
        DataError: if the data are not there.
    """
    import pyarrow.parquet as pq

    opened = paths.data_of(RunSpec.from_json(record.data["spec"]))
    dataset, table = opened.dataset, pq.read_table(record.file(PREDICTIONS))
    assert isinstance(dataset, Sliced)
    samples = {sample.id: sample for sample in opened.index.test}
    tested = [samples[name] for name in table["id"].to_pylist() if name in samples]
    if len(tested) != table.num_rows:
        raise RunError(
            f"the run {record.data['key'][:12]} was tested on {table.num_rows} slices, of which {len(tested)} are in "
            "the test split now. Do the run again."
        )
    rows = rows_of(dataset.task, table)
    of_volumes = scores_of(dataset.task, rows, [dataset.volume_of(sample) for sample in tested])
    of_patients = scores_of(dataset.task, rows, [sample.patient for sample in tested])
    return of_volumes | {f"patients_{name}": value for name, value in of_patients.items()}


def scores_of(task: Task, rows: Rows, groups: Sequence[str]) -> dict[str, float | None]:
    """The mean Dice over groups of images, in each of which pixels are counted over all of its images.

    Args:
        task: the task, a segmentation.
        rows: counts of pixels by name, a number for each image.
        groups: the name of the group of each image, such as of its volume.
    """
    names, places = np.unique(list(groups), return_inverse=True)
    pooled = {name: np.bincount(places, counts, len(names)) for name, counts in rows.items()}
    of_classes = task.classes if len(task.classes) > 1 else ()
    wanted = [*SCORES, *(f"{score}:{name}" for score in SCORES for name in of_classes)]
    found = task_score(task).named(pooled)
    return {name: defined(found[name]) for name in wanted}


def _numbers(spec: RunSpec) -> tuple[str, ...]:
    """The numbers of a segmentation of slices; other tasks have none."""
    dataset: Dataset = DATASETS.build(spec.dataset)
    if dataset.kind != "segmentation" or not isinstance(dataset, Sliced):
        return ()
    classes = dataset.task.classes if len(dataset.task.classes) > 1 else ()
    names = (*SCORES, *(f"{score}:{name}" for score in SCORES for name in classes))
    return (*names, *(f"patients_{name}" for name in names))


def volume_dice() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(
        version=1, unit="Dice", progress="Dice of volumes", compute=volume_dice_scores, numbers=_numbers
    )  # fmt: skip
