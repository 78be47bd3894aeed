"""Benchmark, the slides' claim: self-supervised models attend to larger regions. Grad-CAM of the runs of figure 2."""

from __future__ import annotations

import dataclasses

from experiments.studies.benchmark.figure_2 import figure_2
from experiments.studies.benchmark.tasks import columns
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

MEASURES = {"area": "area of the map", "in_boxes": "map inside the boxes", "in_masks": "map inside the lesions"}

SHOWN: dict[Profile, tuple[str, ...]] = {
    "phantom": ("area", "in_boxes", "in_masks"),
    "smoke": ("area", "in_boxes", "in_masks"),
    "paper": ("area", "in_boxes"),  # real lesions have boxes only
}


def attention(profile: Profile = "phantom") -> Table:
    """How large the Grad-CAM maps are, and how much of them lies where radiologists marked the finding.

    On phantom images it is the drawing that says where the finding is.
    """
    table = figure_2(profile)
    (chests,) = columns(profile, ("DXC14",))
    families = (("Scratch", "random weights"), *(table.figure.families if table.figure else ()))
    return dataclasses.replace(
        table,
        title="Where fine-tuned networks look",
        question="Do self-supervised models attend to larger regions, and to the right ones?",
        rows=(Row("Scratch", "random"), *table.rows),
        columns=tuple(
            dataclasses.replace(chests, label=f"DXC14, {MEASURES[measure]}", measure=f"attention:{measure}")
            for measure in SHOWN[profile]
        ),
        figure=Figure(families=families),
        directions=("larger", "smaller"),
    )
