"""A run's own scores, of which a table may show another than the first, such as ``score:auroc:Edema``."""

from __future__ import annotations

from datamodules.dataset.contract import Dataset
from experiments.measures.measuring.measure import Found, Measure
from experiments.run.evaluation import score_names
from experiments.run.places import Places
from experiments.run.store import Record
from specs.registry import DATASETS
from specs.run import RunSpec


def scores_of(record: Record, places: Places) -> Found:
    """All scores of the run by name, in [0, 1]."""
    found: Found = record.data["outcome"]["scores"]
    return found


def _names(spec: RunSpec) -> tuple[str, ...]:
    dataset: Dataset = DATASETS.build(spec.dataset)
    return score_names(dataset.task)


def score() -> Measure:
    """The measure with its version, unit and numbers."""
    return Measure(version=1, unit="auroc", progress="scores", compute=scores_of, numbers=_names)
