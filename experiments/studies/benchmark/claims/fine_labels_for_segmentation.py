"""Fine-grained labels (iNat2021) are the better source for segmentation (the slides, figure 1)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, over_columns
from experiments.studies.benchmark.figure_1 import GROUPS, SOURCES
from experiments.studies.benchmark.tasks import MARGIN_FROM
from experiments.tables.preset import Profile


def fine_labels_for_segmentation(profile: Profile = "paper") -> Claim:
    """Models pretrained with fine-grained labels are better for segmentation."""
    coarse, fine = SOURCES[profile]
    tasks = dict(GROUPS[profile])["segmentation"]
    return Claim(
        sentence="Pretraining with fine-grained labels is better than with coarse ones for segmentation.",
        where="slides; figure 1",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(over_columns("benchmark_figure_1", fine.label, coarse.label, tasks, "mean over segmentations"),),
    )
