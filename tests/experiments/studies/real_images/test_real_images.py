"""Real weights on real images: what is compared, on what, with which budget, and the machinery in small form."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.truth import OF_STEPS
from backbones.networks.contract import Backbone
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.session.results import Planned
from experiments.session.session import Session
from experiments.studies.real_images.shared import FEW, STAGES
from experiments.tables.document import TableDocument
from experiments.tables.table import Table
from specs.registry import BACKBONES, DATASETS, TABLES
from tests.experiments.smoke import table_of_runs

NAMES = [name.replace("_", "-") for name in TABLES.entries if name.startswith("real_images_")]


@pytest.fixture
def table() -> Table:
    return table_of_runs("real-images-initializations")


def test_there_are_two_tables_of_the_same_runs() -> None:
    assert NAMES == ["real-images-initializations", "real-images-similarity"]
    first, second = (table_of_runs(name) for name in NAMES)
    runs = {spec for specs in first.cells().values() if not isinstance(specs, str) for spec in specs}
    assert {spec for specs in second.cells().values() if not isinstance(specs, str) for spec in specs} < runs


def test_the_stages_are_those_of_the_network(table: Table) -> None:
    backbone: Backbone = BACKBONES.build(table.backbone)
    assert tuple(stage.name for stage in backbone.stages) == STAGES


def test_rows_and_columns_are_under_names_that_people_use(table: Table) -> None:
    for label in [*(row.label for row in table.rows), *(column.label for column in table.columns)]:
        assert "(" not in label
        assert label[0].isupper()


def test_few_images_have_five_runs_a_row_or_more_and_the_others_three(table: Table) -> None:
    counts = {
        column.label: {len(specs) for (_, label), specs in table.cells().items() if label == column.label} - {0}
        for column in table.columns
    }
    cells = [(label, len(specs)) for (_, label), specs in table.cells().items() if not isinstance(specs, str)]
    assert {count for label, count in cells if label == FEW} == {6}
    assert {count for label, count in cells if label != FEW} == {3}
    assert len(counts) == 4


def test_every_row_tries_as_many_learning_rates_and_the_best_two_again(table: Table) -> None:
    assert len(table.tried) == 3
    assert table.tried_again == 2
    assert all(column.tuned_on in (FEW, "DRIVE") for column in table.columns)
    assert table.protocol == "tuned"


def test_all_rows_see_images_as_the_weights_expect_them(table: Table) -> None:
    assert {column.recipe.normalization for column in table.columns} == {"inception"}


def test_statements_of_steps_are_about_columns_with_enough_runs_to_tell(table: Table) -> None:
    of_steps = [column for one in table.stated for column, claim in one.contrasts if claim.kind in OF_STEPS]
    assert of_steps
    assert set(of_steps) == {FEW}


def planned(data: Path, folder: Path) -> Planned:
    paths = Paths(data, folder / "runs", folder / "prepared")
    return Session(paths, wandb="disabled").plan("real-images-initializations")


def test_with_both_datasets_all_is_there_to_begin(real_data: Path, tmp_path: Path) -> None:
    found = planned(real_data, tmp_path)
    assert len(found.plan.runs) == (8 + 4) * 3
    assert found.then


def test_a_pass_over_the_images_has_the_steps_between_two_validations(
    table: Table, real_data: Path, tmp_path: Path
) -> None:
    paths = Paths(real_data, tmp_path / "runs", tmp_path / "prepared")
    for column in table.columns:
        images = len(Resolver(paths).opened(DATASETS.bind(column.dataset), "real").index.train)
        assert images >= (column.recipe.interval or 1) * column.recipe.batch_size


def test_without_drive_the_chest_xrays_are_compared_alone(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "medmnist").symlink_to(real_data / "medmnist")
    assert len(planned(tmp_path / "data", tmp_path).plan.runs) == 8 * 3


@pytest.mark.parametrize("name", [NAMES[0], pytest.param(NAMES[1], marks=pytest.mark.slow)])
def test_the_tables_are_made_in_small_form(name: str, tmp_path: Path, in_turn: list[str]) -> None:
    made = Session(tmp_path, wandb="disabled", executor=in_turn[1]).make(name, profile="smoke")
    assert not made.failures
    assert isinstance(made.document, TableDocument)
    assert all(cell.values for cell in made.document.cells.values())
