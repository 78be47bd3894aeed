"""Sources: what supervised pretraining on photographs gives a ResNet-50 and a CBR network, by its labels."""

from __future__ import annotations

from typing import Literal

from experiments.run.recipes import recipe_named
from experiments.tables.table import Column, Row, Table


def sources(profile: Literal["phantom", "smoke"] = "phantom") -> Table:
    """Random weights, ImageNet's classes, and coarser labels on the same images; both networks are trained here."""
    smoke = profile == "smoke"
    fine_tuning, pretraining = f"phantom/{'smoke' if smoke else 'photographs'}", "phantom/photograph_pretraining"
    task = 'medmnist("pneumoniamnist")'
    rows = (
        Row("random", "random"),
        Row("drawn ImageNet", 'supervised(on="imagenet")'),
        Row("drawn ImageNet, coarse labels", 'supervised(on="imagenet", labels="coarse.csv")'),
    )
    columns = (
        Column("ResNet-50", task, recipe_named(fine_tuning), backbone="resnet50"),
        Column("CBR-Tiny", task, recipe_named(fine_tuning), backbone='cbr("tiny")'),
    )
    return Table(
        title="Supervised sources for two networks, on PneumoniaMNIST",
        question="Does it matter what labels a network was pretrained with?",
        edition="phantom",
        protocol="smoke" if smoke else "small",
        weights="trained here on drawn images in ImageNet's layout",
        backbone="resnet50",
        rows=rows[:2] if smoke else rows,
        columns=columns[1:] if smoke else columns,
        reference="random",
        pretraining=recipe_named("phantom/smoke_pretraining" if smoke else pretraining),
        seeds=2,
    )
