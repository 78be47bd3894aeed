"""A run of a few seconds that the tests of experiments share."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.run.resolve import ResolvedRun
from experiments.tables.named import table_named
from experiments.tables.table import Table
from specs.expression import parse
from specs.run import Pretraining, RunSpec

NO_RUNS = dict[Pretraining, ResolvedRun]().__getitem__
"""The runs that a spec's initializer needs, where it needs none."""


def paths_in(folder: Path) -> Paths:
    """A store and a data folder of a test's own."""
    return Paths(folder / "data", folder / "runs", folder / "prepared")


def table_of_runs(name: str, profile: str | None = None) -> Table:
    """A registered table that compares runs."""
    table = table_named(name, profile)
    assert isinstance(table, Table)
    return table


def spec(initializer: str = "random", dataset: str = 'medmnist("pneumoniamnist")', **changes: Any) -> RunSpec:
    """The smoke recipe (dropout, plateau, early stopping) on a tiny network."""
    made = RunSpec(
        stage="finetune",
        dataset=parse(dataset),
        edition="phantom",
        backbone=parse("tiny(width=4)"),
        initializer=parse(initializer),
        recipe=recipe_named("phantom/smoke"),
        pretraining=recipe_named("phantom/smoke_pretraining"),
    )
    return dataclasses.replace(made, **changes)
