"""A run's own scores, of which a table may show another than the first, such as ``score:auroc:Edema``."""

from __future__ import annotations

from experiments.measure import Found, Measure
from experiments.places import Places
from experiments.store import Record


def scores_of(record: Record, places: Places) -> Found:
    """All scores of the run by name, in [0, 1]."""
    found: Found = record.data["outcome"]["scores"]
    return found


MEASURE = Measure(version=1, unit="auroc", progress="scores", compute=scores_of)
