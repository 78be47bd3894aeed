"""Domain: the classes differ by what natural images never vary and the domain's do."""

from __future__ import annotations

from typing import Literal

from analysis.truth import Claim
from experiments.run.recipes import recipe_named
from experiments.studies.demo.shared import AGAIN, RANDOM, in_turn, part, trained_on, world_table
from experiments.tables.planted import Planted
from experiments.tables.table import Row, Table

NATURAL, ALONE, BOTH = "Natural source", "Domain source", "Natural, then domain"
"""The labels of the rows that start from the natural source, the domain's, and both in turn."""

MARGIN = 2.0
"""How many points worse than pretraining on the domain alone continual pretraining may be and still count as good."""


def domain(profile: Literal["phantom", "smoke"] = "phantom", draw: int = 0) -> Table:
    """In-domain pretraining is better than natural pretraining, and continual pretraining at least as good.

    Args:
        profile: ``phantom`` has as many runs per row as the tests need; ``smoke`` has two, to test the software only.
        draw: the number of the drawing of the world, from 0; another number draws all of its images anew.
    """
    shapes, strokes = part("domain", "natural", draw), part("domain", "source", draw)
    return world_table(
        "domain",
        draw,
        title="Domain",
        question="Which source helps where the classes differ by what natural images never vary?",
        planted=Planted(
            "The classes differ by the direction of thin strokes, which the domain's images show and natural ones "
            "never do: a source of the domain is better than a natural one, and a natural source that is trained on in "
            "the domain at least as good.",
            (
                Claim(ALONE, "better", NATURAL),
                Claim(BOTH, "no worse", ALONE, MARGIN),
                Claim(AGAIN.label, "not different", RANDOM.label),
            ),
            (
                ("Natural source: which shape?", shapes),
                ("Domain source: which direction?", strokes),
                ("Target: one of two directions, or not?", part("domain", "target", draw)),
            ),
        ),
        rows=(
            Row(NATURAL, trained_on(shapes)),
            Row(ALONE, trained_on(strokes)),
            Row(BOTH, in_turn(shapes, strokes)),
        ),
        recipe=recipe_named("demo/few"),
        pretraining=recipe_named("demo/domain_source"),
        seeds=2 if profile == "smoke" else 4,
    )
