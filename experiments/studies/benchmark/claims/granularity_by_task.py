"""Granularity of labels and kind of task interact (the slides, figure 1)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, less, over_columns
from experiments.studies.benchmark.figure_1 import GROUPS, SOURCES
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.tables.preset import Profile


def granularity_by_task(profile: Profile = "paper") -> Claim:
    """What granularity gives depends on the kind of task."""
    (coarse, fine), groups = SOURCES[profile], dict(GROUPS[profile])
    gains = [
        over_columns("benchmark_figure_1", fine.label, coarse.label, groups.get(kind, ())).whole
        for kind in ("segmentation", "classification")
    ]
    return Claim(
        sentence="Fine-grained labels gain more for segmentation than for classification.",
        where="slides; figure 1",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(Reading("benchmark_figure_1", less("segmentation less classification", *gains)),),
    )
