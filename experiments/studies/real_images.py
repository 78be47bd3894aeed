"""Real images: initializations on the real DRIVE fundus photographs and the real PneumoniaMNIST chest x-rays."""

from __future__ import annotations

from typing import Literal

from experiments.run.recipes import recipe_named
from experiments.tables.table import Column, Row, Table


def real_images(profile: Literal["small"] = "small") -> Table:
    """Five initializations on DRIVE, four of them on PneumoniaMNIST, which the fifth is pretrained on."""
    return Table(
        title="Initializations on real images",
        question="Does pretraining on formula-driven or on other medical images help on real images?",
        edition="real",
        protocol=profile,
        weights="trained here",
        backbone="tiny(width=8)",
        rows=(
            Row("random", "random"),
            Row("Mean Var of fractals", "mean_var(fractals)"),
            Row("fractals, 8 classes", "fractals"),
            Row("fractals, 32 classes", 'continual(random, on="fractals(classes=32)")'),
            Row("fractals, then chest x-rays", "continual(fractals, on=\"medmnist('pneumoniamnist')\")"),
        ),
        columns=(
            Column("DRIVE", "drive", recipe_named("real_images/vessels")),
            Column("PneumoniaMNIST", 'medmnist("pneumoniamnist")', recipe_named("real_images/pneumonia")),
        ),
        reference="random",
        pretraining=recipe_named("real_images/pretraining"),
        seeds=3,
        overlaps="dash",
    )
