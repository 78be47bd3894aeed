"""Benchmark, data efficiency: initializations by how much of the training data there is (MedIA 2025 extension)."""

from __future__ import annotations

import dataclasses

from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import columns
from experiments.tables.figure import Figure
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

PERCENT: dict[Profile, tuple[int, ...]] = {
    "phantom": (1, 5, 10, 25, 50, 100),
    "smoke": (50, 100),
    "paper": (1, 5, 10, 25, 50, 100),
}
"""Shares of the training patients, in percent; the images of a smaller share are among those of a larger one."""

TASKS: dict[Profile, tuple[str, ...]] = {"phantom": ("DXC14",), "smoke": ("PXS",), "paper": ("DXC14", "TXC")}


def data_efficiency(profile: Profile = "phantom") -> Table:
    """Random, supervised and domain-adapted weights on nested shares of the training data of chest x-rays."""
    preset, percent, codes = PROFILES[profile], PERCENT[profile], TASKS[profile]
    rows = (
        Row("Scratch", "random"),
        Row(preset.natural_label, preset.natural),
        Row(f"{preset.natural_label}\u2192CheXpert", preset.adapted.format(dataset="chexpert")),
    )
    return Table(
        title="Initializations by the share of the training data",
        question="With how little data does the initialization matter?",
        rows=rows[:2] if profile == "smoke" else rows,
        columns=tuple(
            dataclasses.replace(
                column, label=f"{column.label} {share} %", dataset=f"{column.dataset}(fraction={share / 100:g})"
            )
            for column in columns(profile, codes)
            for share in percent
        ),
        reference="Scratch",
        overlaps="mark",
        figure=Figure(groups=tuple((code, tuple(f"{code} {share} %" for share in percent)) for code in codes)),
        **preset.shared(),
    )
