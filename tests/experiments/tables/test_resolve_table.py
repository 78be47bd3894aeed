"""Planning a table of which some data or weights are not there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from experiments.run.recipes import recipe_named
from experiments.run.resolve import Resolver
from experiments.tables.resolve_table import resolve_cells
from experiments.tables.table import Column, Row, Table
from initializers.publishing.variable import VARIABLE
from specs.errors import DataError, WeightsError
from tests.experiments.smoke import paths_in

TABLE = Table(
    title="Some are lacking",
    question="Which?",
    edition="phantom",
    protocol="small",
    weights="published",
    backbone="resnet50",
    rows=(Row("random", "random"), Row("published", "mean_var(moco_v2)")),
    columns=(Column("a", "drive", recipe_named("phantom/segmentation")),),
    reference="random",
    pretraining=None,
    seeds=2,
)


@pytest.fixture(autouse=True)
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "weights"))


def test_a_row_whose_weights_are_not_there_leaves_the_others_and_says_how_to_get_them(tmp_path: Path) -> None:
    found = resolve_cells(TABLE, Resolver(paths_in(tmp_path)))
    assert len(found.runs["random", "a"]) == 2
    reason = found.runs["published", "a"]
    assert isinstance(reason, str)
    assert "its weights are not there" in reason
    assert str(tmp_path) not in reason
    ((specs, errors),) = found.lacking.values()
    assert [spec.seed for spec in specs] == [0, 1]
    assert "medtransfer weights fetch moco_v2" in str(errors[0])


def test_lacking_data_hide_no_lacking_weights(tmp_path: Path) -> None:
    real = dataclasses.replace(
        TABLE, edition="real", rows=(TABLE.rows[0], Row("two", 'continual(swav, on="chexpert")'))
    )
    with pytest.raises(DataError, match="drive"):
        resolve_cells(real, Resolver(paths_in(tmp_path)))
    found = resolve_cells(real, Resolver(paths_in(tmp_path)), everything_may_lack=True)
    kinds = [[type(error) for error in errors] for _, errors in found.lacking.values()]
    assert kinds == [[DataError], [DataError, WeightsError]]


def test_only_lacking_weights_are_an_error_of_weights(tmp_path: Path) -> None:
    lonely = dataclasses.replace(TABLE, rows=(Row("random", "swav"),))
    with pytest.raises(WeightsError, match="swav_800ep_pretrain"):
        resolve_cells(lonely, Resolver(paths_in(tmp_path)))


def test_a_column_without_a_source_leaves_its_rows_empty() -> None:
    table = dataclasses.replace(TABLE, rows=(Row("random", "random"), Row("own", "mean_var({source})")))
    assert table.cells()["own", "a"] == "no weights of this kind for this network"
    column = dataclasses.replace(TABLE.columns[0], source="fractals")
    ((run, _),) = [dataclasses.replace(table, columns=(column,)).cells()["own", "a"]]
    assert str(run.initializer).startswith("mean_var(")  # type: ignore[union-attr]
