"""Benchmark, table 2: domain-adaptive pretraining, six initializations on five tasks (Hosseinzadeh Taher 2021)."""

from __future__ import annotations

from experiments.studies.benchmark.profiles import PROFILES
from experiments.studies.benchmark.tasks import columns
from experiments.tables.preset import Profile
from experiments.tables.table import Row, Table

TASKS: dict[Profile, tuple[str, ...]] = {
    "phantom": ("DXC14", "DXC5", "TXC", "PXS", "LXS"),
    "smoke": ("PXS",),
    "paper": ("DXC14", "DXC5", "TXC", "PXS", "LXS"),
}

ALONE: dict[Profile, str] = {
    "phantom": 'continual(random, on="{dataset}")',
    "smoke": 'continual(random, on="{dataset}")',
    "paper": 'domain_adapted("{dataset}", "random")',
}
"""Templates of the initializer that was pretrained on one dataset alone, from random weights."""

CHESTS = {"ChestX-ray14": "chestxray14", "CheXpert": "chexpert"}


def table_2(profile: Profile = "phantom") -> Table:
    """Fine-tuning from random weights, from photographs, from chest x-rays, and from both in turn."""
    preset = PROFILES[profile]
    rows = (
        Row("Scratch", "random"),
        Row(preset.natural_label, preset.natural),
        *(Row(label, ALONE[profile].format(dataset=dataset)) for label, dataset in CHESTS.items()),
        *(
            Row(f"{preset.natural_label}\u2192{label}", preset.adapted.format(dataset=dataset))
            for label, dataset in CHESTS.items()
        ),
    )
    return Table(
        title="Domain-adaptive pretraining on five tasks",
        question="Does pretraining on chest x-rays, alone or after other images, help on chest x-rays?",
        rows=rows[:3] if profile == "smoke" else rows,
        columns=columns(profile, TASKS[profile]),
        reference="Scratch",
        overlaps="dash",
        **preset.shared(),
    )
