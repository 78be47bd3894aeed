"""Benchmark, the slides' question: what each stage holds, of self-supervised models and of the supervised one."""

from __future__ import annotations

import dataclasses

from experiments.studies.benchmark.figure_2 import METHODS, SOURCES
from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import columns
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Column, Row, Table

SHOWN: dict[Profile, tuple[str, ...]] = {
    "phantom": ("SwAV", "Barlow Twins", "BYOL"),
    "smoke": (),
    "paper": ("SwAV", "Barlow Twins", "BYOL"),
}
"""The self-supervised models, one of each of three families."""

STAGES: dict[Profile, tuple[str, ...]] = {
    "phantom": ("conv1", "layer1", "layer2", "layer3"),
    "smoke": ("conv1", "layer3"),
    "paper": ("conv1", "layer1", "layer2", "layer3", "layer4"),
}
"""The stages of the network, from the input to the output."""

CODE = "TXC"
"""The task, whose images are few enough that what a source brings shows."""

SIMILARITY, NEIGHBORS = "similarity", "neighbors"


def stages(profile: Profile = "phantom") -> Table:
    """Similarity of each stage before and after training, what nearest neighbors know there, and transfer up to it."""
    preset, shown = PROFILES[profile], STAGES[profile]
    (task,) = columns(profile, (CODE,))
    models = {preset.natural_label: preset.natural}
    models |= {name: SOURCES[profile].format(method=METHODS[name]) for name in SHOWN[profile]}
    measured = {
        measure: tuple(
            dataclasses.replace(task, label=heading(stage, measure), measure=f"{measure}:{stage}") for stage in shown
        )
        for measure in (SIMILARITY, NEIGHBORS)
    }
    return Table(
        title="What each stage holds, self-supervised and supervised",
        question="Do self-supervised models bring more in low stages, and the supervised one more in high ones?",
        rows=(
            Row("Scratch", "random"),
            *(Row(name, source) for name, source in models.items()),
            *(
                Row(f"{name} up to {stage}", f'transfuse({source}, through="{stage}")', only=task.label)
                for name, source in models.items()
                for stage in shown[:-1]
            ),
        ),
        columns=(task, *measured[SIMILARITY], *measured[NEIGHBORS]),
        reference="Scratch",
        figure=_figure(measured),
        **preset.shared(),
    )


def heading(stage: str, measure: str) -> str:
    """The label of the column that shows a measure of a stage."""
    return f"{CODE}, {measure} at {stage}"


def _figure(measured: dict[str, tuple[Column, ...]]) -> Figure:
    """A panel for each measure, along the stages."""
    groups = tuple((measure, tuple(column.label for column in of)) for measure, of in measured.items())
    return Figure(groups=groups, along=True)
