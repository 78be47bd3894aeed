"""Benchmark, data efficiency: initializations by how much of the training data there is (MedIA 2025 extension)."""

from __future__ import annotations

from experiments.benchmark_tasks import DATASETS, Profile, columns
from experiments.rendering.figure import Figure
from experiments.resolve import recipe_named
from experiments.table import Column, Row, Table

PERCENT = (1, 5, 10, 25, 50, 100)
"""Of the training patients; the images of a smaller share are among those of a larger one."""


def benchmark_data_efficiency(profile: Profile = "phantom") -> Table:
    """Random, supervised and domain-adapted weights on nested shares of the training data of chest x-rays."""
    paper, smoke = profile == "paper", profile == "smoke"
    natural, name = ("imagenet", "ImageNet") if paper else ("fractals", "fractals")
    adapted = 'domain_adapted("chexpert")' if paper else 'continual(fractals, on="chexpert")'
    codes = ("DXC14", "TXC") if paper else ("PXS",) if smoke else ("DXC14",)
    percent = PERCENT[-2:] if smoke else PERCENT
    pretraining = "phantom/smoke_pretraining" if smoke else "phantom/pretraining"
    rows = (Row("Scratch", "random"), Row(name, natural), Row(f"{name}\u2192CheXpert", adapted))
    return Table(
        title="Initializations by the share of the training data",
        question="With how little data does the initialization matter?",
        edition="real" if paper else "phantom",
        protocol="paper" if paper else "smoke" if smoke else "small",
        weights="published" if paper else "trained here",
        backbone="resnet50" if paper else "tiny(width=8)",
        rows=rows[:2] if smoke else rows,
        columns=tuple(
            Column(f"{column.label} {share} %", f"{DATASETS[column.label]}(fraction={share / 100:g})", column.recipe)
            for column in columns(profile, codes)
            for share in percent
        ),
        reference="Scratch",
        pretraining=None if paper else recipe_named(pretraining),
        seeds=10 if paper else 2 if smoke else 3,
        overlaps="mark",
        figure=Figure(groups=tuple((code, tuple(f"{code} {share} %" for share in percent)) for code in codes)),
    )
