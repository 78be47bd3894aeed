"""Measures and numbers of a column that there are not."""

from __future__ import annotations

import pytest

from experiments.measures.measuring.measure import measure_of
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.store import Record
from experiments.tables.resolve_table import resolve_cells
from experiments.tables.table import Column, Row, Table
from specs.errors import UsageError
from specs.run import RunSpec


@pytest.mark.parametrize(
    ("given", "near"),
    [("similarity:layer4", "layer3"), ("distance:con1", "conv1")],
)
def test_an_unknown_number_is_refused_before_anything_runs_and_lists_the_near_matches(
    given: str, near: str, record: Record, where: Paths
) -> None:
    spec = RunSpec.from_json(record.data["spec"])
    column = Column("a measure", str(spec.dataset), spec.recipe, measure=given)
    table = Table(
        title="Typing errors", question="?", edition="phantom", protocol="smoke", weights="trained here",
        backbone=str(spec.backbone), rows=(Row("random", "random"),), columns=(column,), reference="random",
        pretraining=None, seeds=1,
    )  # fmt: skip
    with pytest.raises(UsageError, match=rf'unknown number \(.*\) ".*"\. Did you mean.*"{near}"'):
        resolve_cells(table, Resolver(where))


@pytest.mark.parametrize(
    ("given", "near"),
    [("similarty:conv1", "similarity"), ("neighbours:x", "neighbors"), ("distances", "distance")],
)
def test_an_unknown_measure_lists_the_near_matches(given: str, near: str) -> None:
    with pytest.raises(UsageError, match=rf'unknown measure "{given.partition(":")[0]}"\. Did you mean.* "{near}"'):
        measure_of(given)
