"""The main table: random, Mean Var, fractals, continual and in-domain pretraining on three kinds of tasks."""

from __future__ import annotations

from typing import Literal

from experiments.run.recipes import recipe_named
from experiments.tables.table import Column, Row, Table


def initializations(profile: Literal["phantom", "smoke"] = "phantom") -> Table:
    """Five initializations on three phantom tasks: multilabel and binary classification, and segmentation."""
    smoke = profile == "smoke"
    rows = (
        Row("random", "random"),
        Row("Mean Var of fractals", "mean_var(fractals)"),
        Row("fractals", "fractals"),
        Row("fractals, then domain", 'continual(fractals, on="{domain}")'),
        Row("domain alone", 'continual(random, on="{domain}")'),
    )
    columns = (
        Column(
            "ChestX-ray14",
            "chestxray14",
            recipe_named("phantom/chest"),
            domain='medmnist("chestmnist")',
            bounds=(0.52, 0.95),
        ),
        Column(
            "PneumoniaMNIST",
            'medmnist("pneumoniamnist")',
            recipe_named("phantom/smoke" if smoke else "phantom/classification"),
            domain='medmnist("chestmnist")',
            bounds=(0.46, 0.99),
        ),
        Column(
            "DRIVE",
            "drive",
            recipe_named("phantom/segmentation"),
            domain='medmnist("retinamnist")',
            bounds=(0.41, 0.95),
        ),
    )
    return Table(
        title="Initializations on three phantom tasks",
        question="Which initialization should these tasks be fine-tuned from?",
        edition="phantom",
        protocol="smoke" if smoke else "small",
        weights="trained here",
        backbone="tiny(width=8)",
        rows=rows[:3] if smoke else rows,
        columns=columns[1:2] if smoke else columns,
        reference="random",
        pretraining=recipe_named("phantom/smoke_pretraining" if smoke else "phantom/pretraining"),
        seeds=2 if smoke else 3,
        overlaps="dash",
    )
