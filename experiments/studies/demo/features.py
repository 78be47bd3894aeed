"""Features: few labelled images, whose classes differ by what the source teaches."""

from __future__ import annotations

from typing import Literal

from analysis.truth import Claim
from experiments.run.recipes import recipe_named
from experiments.studies.demo.shared import AGAIN, RANDOM, SCALED, SOURCE, part, trained_on, world_table
from experiments.tables.planted import Planted
from experiments.tables.table import Row, Table


def features(profile: Literal["phantom", "smoke"] = "phantom", draw: int = 0) -> Table:
    """Pretrained weights are better than random ones and than Mean Var weights.

    Args:
        profile: ``phantom`` has as many runs per row as the tests need; ``smoke`` has two, to test the software only.
        draw: the number of the drawing of the world, from 0; another number draws all of its images anew.
    """
    dataset = part("features", "source", draw)
    return world_table(
        "features",
        draw,
        title="Features",
        question="Do features help that the source teaches and a few labelled images cannot?",
        planted=Planted(
            "The classes of few labelled images differ by small glyphs that the source names in many images, so its "
            "features help and their scale alone does not: the source is better than random and than its Mean Var.",
            (
                Claim(SOURCE, "better", RANDOM.label),
                Claim(SOURCE, "better", SCALED),
                Claim(AGAIN.label, "not different", RANDOM.label),
            ),
            (
                ("Source: which glyph?", dataset),
                ("Target: of the last four glyphs, or not?", part("features", "target", draw)),
            ),
        ),
        rows=(Row(SCALED, f"mean_var({trained_on(dataset)})"), Row(SOURCE, trained_on(dataset))),
        recipe=recipe_named("demo/few"),
        pretraining=recipe_named("demo/source"),
        seeds=2 if profile == "smoke" else 4,
    )
