"""Shortcuts: what the start makes a network rely on, an artifact or what the label is about."""

from __future__ import annotations

from typing import Literal

from experiments.run.recipes import recipe_named
from experiments.tables.table import Column, Row, Table

STRENGTH = 0.9
"""The share of the training images in which the artifact agrees with the label."""

SHOWN: dict[str, tuple[str, ...]] = {"phantom": ("tag", "frequency"), "smoke": ("tag",)}
"""The artifacts of each profile."""

MEASURES = {
    "pull": "shortcut_pull:pull",
    "agree less contradict": "shortcut_pull:gap",
    "calibration error": "calibration:error",
}
"""What stands beside the score, by its heading."""


def shortcuts(profile: Literal["phantom", "smoke"] = "phantom") -> Table:
    """Random, pretrained and Mean Var weights on drawn images whose labels an artifact gives away in training alone.

    The target is that of the planted world *features*: its classes differ by small glyphs that the source names, and
    its few images do not teach. So a network without features has the artifact alone to learn from.

    Args:
        profile: ``phantom`` has two artifacts and takes minutes; ``smoke`` has one and tests the software only.
    """
    smoke = profile == "smoke"
    fewer = ", fraction=0.1" if smoke else ""
    source = f'supervised(\'planted("features", "source"{fewer})\')'
    recipe = recipe_named("demo/few")
    columns = []
    for artifact in SHOWN[profile]:
        dataset = f'shortcut(planted("features", "target"), "{artifact}", strength={STRENGTH})'
        columns.append(Column(f"{artifact}, score", dataset, recipe))
        columns += [Column(f"{artifact}, {name}", dataset, recipe, measure=of) for name, of in MEASURES.items()]
    return Table(
        title="What the start makes a network rely on",
        question="Which weights lean on a synthetic artifact that says nothing of the test images?",
        edition="phantom",
        protocol="smoke" if smoke else "small",
        weights="trained here",
        backbone="tiny(width=4)",
        rows=(
            Row("random", "random"),
            Row("Mean Var of the source", f"mean_var({source})"),
            Row("source", source),
        ),
        columns=tuple(columns),
        reference="random",
        pretraining=recipe_named("phantom/smoke_pretraining" if smoke else "demo/source"),
        seeds=2 if smoke else 4,
        directions=("higher", "lower"),
    )
