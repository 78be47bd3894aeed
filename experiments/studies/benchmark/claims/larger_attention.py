"""Self-supervised models attend to larger regions (the slides)."""

from __future__ import annotations

from experiments.ledger.claim import Claim, Reading, difference, mean_of
from experiments.studies.benchmark.attention import MEASURES
from experiments.studies.benchmark.claims.self_supervised_beats_supervised import TOP
from experiments.studies.benchmark.figure_2 import figure_2
from experiments.tables.preset import Profile


def larger_attention(profile: Profile = "paper") -> Claim:
    """The attention maps of self-supervised models are larger than those of the supervised one."""
    supervised, column = figure_2(profile).reference, f"DXC14, {MEASURES['area']}"
    by_model = tuple(difference(model, supervised, column, model) for model in TOP)
    return Claim(
        sentence="Self-supervised models attend to larger regions than the supervised one.",
        where="slides",
        kind="more",
        margin=1.0,
        margin_from="ours: one percent of the image",
        readings=(Reading("benchmark_attention", mean_of("mean over five models", by_model), by_model),),
        beyond="the slides show pictures and print no areas",
    )
