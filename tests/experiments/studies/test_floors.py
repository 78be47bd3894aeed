"""The demo's tasks have a floor and a ceiling; a broken loader or initializer leaves the room between them."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from experiments.tables.table import Column
from tests.experiments.altered import TABLE, random_labels, score


@pytest.mark.slow  # trains the demo's tasks
@pytest.mark.parametrize("column", TABLE.columns, ids=lambda column: column.label)
def test_an_honest_run_lies_well_above_the_floor_and_not_above_the_ceiling(column: Column, tmp_path: Path) -> None:
    assert column.bounds is not None
    floor, ceiling = column.bounds
    assert floor + 0.1 < score(column, tmp_path / "honest", lambda opened: opened) <= ceiling
    shuffled = [score(column, tmp_path / f"floor {seed}", random_labels, seed=seed) for seed in range(3)]
    assert statistics.mean(shuffled) == pytest.approx(floor, abs=0.08)
