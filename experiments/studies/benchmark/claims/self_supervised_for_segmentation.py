"""Self-supervised models gain more on segmentation than on classification (the slides, figure 2)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, less, mean_of, over_columns
from experiments.studies.benchmark.claims.self_supervised_beats_supervised import TOP
from experiments.studies.benchmark.figure_2 import TASKS, figure_2
from experiments.studies.benchmark.tasks import CLASSIFICATION, MARGIN_FROM, SEGMENTATION
from experiments.tables.preset import Profile


def self_supervised_for_segmentation(profile: Profile = "paper") -> Claim:
    """The gain of self-supervised models is larger on segmentation than on classification."""
    supervised = figure_2(profile).reference
    gains = [
        mean_of(
            kind,
            [
                over_columns(
                    "benchmark_figure_2", model, supervised, [code for code in TASKS[profile] if code in codes]
                ).whole
                for model in TOP
            ],
        )
        for kind, codes in (("segmentation", SEGMENTATION), ("classification", CLASSIFICATION))
    ]
    return Claim(
        sentence="Self-supervised models gain more over the supervised one on segmentation than on classification.",
        where="slides; figure 2",
        kind="more",
        margin=0.5,
        margin_from=MARGIN_FROM,
        readings=(Reading("benchmark_figure_2", less("segmentation less classification", *gains)),),
    )
