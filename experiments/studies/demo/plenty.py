"""Plenty: a simple target with images enough."""

from __future__ import annotations

from typing import Literal

from analysis.truth import Claim
from experiments.run.recipes import recipe_named
from experiments.studies.demo.shared import AGAIN, RANDOM, part, trained_on, world_table
from experiments.tables.planted import Planted
from experiments.tables.table import Row, Table

MARGIN = 1.0
"""The difference of mean scores, in points, up to which two rows count as equal."""


def plenty(profile: Literal["phantom", "smoke"] = "phantom", draw: int = 0) -> Table:
    """All rows are equal within one point of the score.

    Args:
        profile: ``phantom`` has as many runs per row as the tests need; ``smoke`` has two, to test the software only.
        draw: the number of the drawing of the world, from 0; another number draws all of its images anew.
    """
    source, scale = "Source", "Mean Var of the source"
    dataset = part("plenty", "source", draw)
    return world_table(
        "plenty",
        draw,
        title="Plenty",
        question="Does the start matter where a simple target has images enough?",
        planted=Planted(
            "A simple target has images enough for every start to come as near to the best possible score, which wrong "
            "labels keep at about 97, as any other: all rows are equal within a point.",
            (
                Claim(scale, "equal", RANDOM.label, MARGIN),
                Claim(source, "equal", RANDOM.label, MARGIN),
                Claim(AGAIN.label, "equal", RANDOM.label, MARGIN),
            ),
            (
                ("Source: which shape?", dataset),
                ("Target: dark or bright blob?", part("plenty", "target", draw)),
            ),
        ),
        rows=(Row(scale, f"mean_var({trained_on(dataset)})"), Row(source, trained_on(dataset))),
        recipe=recipe_named("demo/plenty"),
        pretraining=recipe_named("demo/source"),
        seeds=2 if profile == "smoke" else 6,
    )
