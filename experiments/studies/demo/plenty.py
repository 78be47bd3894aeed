"""Plenty: a simple target with images enough."""

from __future__ import annotations

from typing import Literal

from analysis.truth import Claim
from experiments.run.recipes import recipe_named
from experiments.studies.demo.shared import AGAIN, RANDOM, SCALED, SOURCE, in_turn, part, trained_on, world_table
from experiments.tables.planted import Planted
from experiments.tables.table import Row, Table

OTHER, BOTH = "Another source", "Source, then another"
"""The labels of the rows that start from the source of the world ``domain``, and from both sources in turn. The tests
of the world leave them out; claims of papers that are false where no source has anything to give are read there."""

MARGIN = 1.0
"""The difference of mean scores, in points, up to which two rows count as equal."""


def plenty(profile: Literal["phantom", "smoke"] = "phantom", draw: int = 0) -> Table:
    """All rows are equal within one point of the score.

    Args:
        profile: ``phantom`` has as many runs per row as the tests need; ``smoke`` has two, to test the software only.
        draw: the number of the drawing of the world, from 0; another number draws all of its images anew.
    """
    dataset, strokes = part("plenty", "source", draw), part("domain", "source", draw)
    return world_table(
        "plenty",
        draw,
        title="Plenty",
        question="Does the start matter where a simple target has images enough?",
        planted=Planted(
            "A simple target has images enough for every start to come as near to the best possible score, which wrong "
            "labels keep at about 97, as any other: all rows are equal within a point.",
            (
                Claim(SCALED, "equal", RANDOM.label, MARGIN),
                Claim(SOURCE, "equal", RANDOM.label, MARGIN),
                Claim(AGAIN.label, "equal", RANDOM.label, MARGIN),
            ),
            (
                ("Source: which shape?", dataset),
                ("Another source: which direction?", strokes),
                ("Target: dark or bright blob?", part("plenty", "target", draw)),
            ),
        ),
        rows=(
            Row(SCALED, f"mean_var({trained_on(dataset)})"),
            Row(SOURCE, trained_on(dataset)),
            Row(OTHER, trained_on(strokes)),
            Row(BOTH, in_turn(dataset, strokes)),
        ),
        recipe=recipe_named("demo/plenty"),
        pretraining=recipe_named("demo/source"),
        seeds=2 if profile == "smoke" else 6,
    )
