"""The score of a run in groups of its test patients, and in resamples of these patients.

It is no measure, since it depends on the groups, which are no part of a run: they may be named, or mended, when the run
is long done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.bootstrap import draw_counts
from analysis.groups import large_enough
from analysis.scores import MeanAuroc, Rows, Score
from datamodules.dataset.sample import Sample
from experiments.measures.measuring.measured import RESAMPLES
from experiments.measures.measuring.measurement_cache import evaluated
from experiments.measures.measuring.resampling import plain_numbers, predicted, score_named
from experiments.run.predictions import rows_of
from experiments.run.store import Record, RunStore
from specs.run import RunSpec, digest
from specs.task import Task

VERSION = 1
"""Raised on purpose when the same run and groups give other numbers than before."""


def told_groups(
    score: Score, rows: Rows, samples: Sequence[Sample], grouped: Mapping[str, str]
) -> tuple[dict[str, list[int]], bool]:
    """The groups that are large enough to be told of.

    Args:
        score: the score that is told of each group.
        rows: the predictions of one run, a row per sample; of these only the labels count.
        samples: the test images, in the order of the rows.
        grouped: the group of each image by its id; other images are in none.

    Returns:
        The places of the images of each group that is large enough, by name in order; and whether any group is not.
    """
    places: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        if sample.id in grouped:
            places.setdefault(grouped[sample.id], []).append(place)
    targets = score.columns(rows["targets"]) if isinstance(score, MeanAuroc) else None
    kept = {
        name: places[name]
        for name in sorted(places)
        if large_enough(
            [samples[place].patient for place in places[name]], None if targets is None else targets[places[name]]
        )
    }
    return kept, len(kept) < len(places)


def scores_by_group(
    records: Sequence[Record],
    spec: RunSpec,
    task: Task,
    samples: Sequence[Sample],
    grouped: Mapping[str, str],
    name: str | None,
    store: RunStore,
) -> list[dict[str, Any]]:
    """The score of each group that is large enough, of each run of a cell; what was computed before is read.

    Args:
        records: the records of the finished runs, all tested on the same images.
        spec: the spec of one of the runs.
        task: the task of the runs.
        samples: the test images in order, which say which patient each is of.
        grouped: the group of each image by its id; other images are in none.
        name: the name of one of the task's scores; None takes the score that the task is judged by.
        store: the run store that holds the runs, and in which numbers are stored.

    Returns:
        For each run ``scores``, the score of each group in [0, 1] or None where it is undefined; ``resampled``, the
        same for each resample; ``patients``, the number of test patients of each group, all by its name; and
        ``too_few``, whether a group is not large enough.
    """
    told = {sample.id: grouped[sample.id] for sample in samples if sample.id in grouped}

    def compute(record: Record) -> dict[str, Any]:
        rows, score = rows_of(task, predicted(record, spec, samples)), score_named(task, name)
        kept, too_few = told_groups(score, rows, samples, told)
        patients = [sample.patient for sample in samples]
        counts = draw_counts(patients, RESAMPLES, seed=0) if kept else np.zeros((0, len(samples)), np.uint8)
        found: dict[str, Any] = {"scores": {}, "resampled": {}, "patients": {}, "too_few": too_few}
        for group, places in kept.items():
            of_group = {column: values[places] for column, values in rows.items()}
            (found["scores"][group],) = plain_numbers(np.array([score.value(of_group)]))
            found["resampled"][group] = plain_numbers(score.of_resamples(of_group, counts[:, places]))
            found["patients"][group] = len({patients[place] for place in places})
        return found

    stored_as = f"groups-{digest([sorted(told.items()), name, RESAMPLES])[:16]}"
    return list(evaluated(stored_as, VERSION, records, store, compute).values())
