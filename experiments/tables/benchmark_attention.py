"""Benchmark, the slides' claim: self-supervised models attend to larger regions. Grad-CAM of the runs of figure 2."""

from __future__ import annotations

import dataclasses

from experiments.benchmark_tasks import Profile, columns
from experiments.rendering.figure import Figure
from experiments.table import Row, Table
from experiments.tables.benchmark_figure_2 import benchmark_figure_2

MEASURES = {"area": "area of the map", "in_boxes": "map inside the boxes", "in_masks": "map inside the lesions"}


def benchmark_attention(profile: Profile = "phantom") -> Table:
    """How large the maps are, and how much of them lies where radiologists (or the drawing) put the finding."""
    table = benchmark_figure_2(profile)
    measures = tuple(MEASURES)[:2] if profile == "paper" else tuple(MEASURES)  # real lesions have boxes only
    (chests,) = columns(profile, ("DXC14",))
    families = (("Scratch", "random weights"), *(table.figure.families if table.figure else ()))
    return dataclasses.replace(
        table,
        title="Where fine-tuned networks look",
        question="Do self-supervised models attend to larger regions, and to the right ones?",
        rows=(Row("Scratch", "random"), *table.rows),
        columns=tuple(
            dataclasses.replace(chests, label=f"DXC14, {MEASURES[measure]}", measure=f"attention:{measure}")
            for measure in measures
        ),
        figure=Figure(families=families),
        directions=("larger", "smaller"),
    )
