"""Scale: a network without normalization layers whose own start is too small."""

from __future__ import annotations

from typing import Literal

from analysis.truth import Claim
from experiments.run.recipes import recipe_named
from experiments.studies.demo.shared import AGAIN, RANDOM, SCALED, SOURCE, part, trained_on, world_table
from experiments.tables.planted import Planted
from experiments.tables.table import Row, Table

WELL_STARTED = "Random, at a good scale"
"""The label of the row with random weights at the scale that the source began at, beside which the source has nothing
left to give. The tests of the world leave it out; claims of papers that are false in this world are read there."""

MARGIN = 60.0
"""How many steps later than the source Mean Var may reach the threshold and still count as no later: half of all."""


def scale(profile: Literal["phantom", "smoke"] = "phantom", draw: int = 0) -> Table:
    """Mean Var reaches the threshold no later than the source weights, and both reach it well before random weights.

    Args:
        profile: ``phantom`` has as many runs per row as the tests need; ``smoke`` has two, to test the software only.
        draw: the number of the drawing of the world, from 0; another number draws all of its images anew.
    """
    dataset, well_started = part("scale", "source", draw), 'plain(depth=7, start="he")'
    return world_table(
        "scale",
        draw,
        title="Scale",
        question="How many steps does a good scale of the weights save, without any features?",
        planted=Planted(
            "A plain network without normalization layers hardly learns from its own start, which is too small. The "
            "source began at a good scale, and its labels say nothing of its images: it has no features to give, but "
            "its scale. Its Mean Var reaches the threshold no later than the source, and both well before random.",
            (
                Claim(SCALED, "sooner", RANDOM.label),
                Claim(SOURCE, "sooner", RANDOM.label),
                Claim(SCALED, "no later", SOURCE, MARGIN),
                Claim(AGAIN.label, "not different", RANDOM.label),
            ),
            (
                ("Source: heads or tails?", dataset),
                ("Target: dark or bright blob?", part("scale", "target", draw)),
            ),
        ),
        rows=(
            Row(SCALED, f"mean_var({trained_on(dataset)})", backbone=well_started),
            Row(SOURCE, trained_on(dataset), backbone=well_started),
            Row(WELL_STARTED, "random", backbone=well_started),
        ),
        recipe=recipe_named("demo/steps"),
        pretraining=recipe_named("demo/scaled_source"),
        seeds=2 if profile == "smoke" else 7,
        backbone="plain(depth=7)",
        threshold=0.85,
    )
