"""Benchmark, table 2: domain-adaptive pretraining, six initializations on five tasks (Hosseinzadeh Taher 2021)."""

from __future__ import annotations

from experiments.benchmark_tasks import Profile, columns
from experiments.resolve import recipe_named
from experiments.table import Row, Table

TASKS = ("DXC14", "DXC5", "TXC", "PXS", "LXS")


def benchmark_table_2(profile: Profile = "phantom") -> Table:
    """From random weights, from photographs, from chest x-rays, and from both in turn."""
    paper, smoke = profile == "paper", profile == "smoke"
    natural, name = ("imagenet", "ImageNet") if paper else ("fractals", "fractals")
    rows = [Row("Scratch", "random"), Row(name, natural)]
    for label, dataset in (("ChestX-ray14", "chestxray14"), ("CheXpert", "chexpert")):
        alone = f'domain_adapted("{dataset}", "random")' if paper else f'continual(random, on="{dataset}")'
        rows.append(Row(label, alone))
    for label, dataset in (("ChestX-ray14", "chestxray14"), ("CheXpert", "chexpert")):
        both = f'domain_adapted("{dataset}")' if paper else f'continual({natural}, on="{dataset}")'
        rows.append(Row(f"{name}\u2192{label}", both))
    pretraining = "phantom/smoke_pretraining" if smoke else "phantom/pretraining"
    return Table(
        title="Domain-adaptive pretraining on five tasks",
        question="Does pretraining on chest x-rays, alone or after other images, help on chest x-rays?",
        edition="real" if paper else "phantom",
        protocol="paper" if paper else "smoke" if smoke else "small",
        weights="published" if paper else "trained here",
        backbone="resnet50" if paper else "tiny(width=8)",
        rows=tuple(rows[:3] if smoke else rows),
        columns=columns(profile, TASKS[3:4] if smoke else TASKS),
        reference="Scratch",
        pretraining=None if paper else recipe_named(pretraining),
        seeds=10 if paper else 2 if smoke else 3,
        overlaps="dash",
    )
