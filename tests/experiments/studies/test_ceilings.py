"""The ceilings of the demo's tasks are what a network reaches that has seen the test images."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.tables.table import Column
from tests.experiments.altered import TABLE, leaked, score


@pytest.mark.slow  # trains the demo's tasks
@pytest.mark.parametrize("column", TABLE.columns, ids=lambda column: column.label)
def test_whoever_has_seen_the_test_images_reaches_the_ceiling(column: Column, tmp_path: Path) -> None:
    assert column.bounds is not None
    assert score(column, tmp_path, leaked, longer=3) == pytest.approx(column.bounds[1], abs=0.03)
