"""A run's own scores, of which a table may show another than the first, such as ``score:auroc:Edema``."""

from __future__ import annotations

from datamodules.contract import Dataset
from experiments.evaluation import score_names
from experiments.measure import Found, Measure
from experiments.places import Places
from experiments.store import Record
from specs.registry import DATASETS
from specs.run import RunSpec


def scores_of(record: Record, places: Places) -> Found:
    """All scores of the run by name, in [0, 1]."""
    found: Found = record.data["outcome"]["scores"]
    return found


def _names(spec: RunSpec) -> tuple[str, ...]:
    dataset: Dataset = DATASETS.build(spec.dataset)
    return score_names(dataset.task)


MEASURE = Measure(version=1, unit="auroc", progress="scores", compute=scores_of, numbers=_names)
