"""The table of labels: nested fractions of any dataset, with training images of its own for each seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.run.resolve import Resolver
from experiments.session.session import Session
from experiments.tables.table import Column
from specs.errors import UsageError
from specs.registry import DATASETS
from tests.experiments.example_table import lines
from tests.experiments.smoke import paths_in, spec, table_of_runs


def test_a_users_dataset_becomes_a_column_for_each_fraction() -> None:
    table = table_of_runs('labels(folder("ward-7", patient="patient"), rows=("A = random", "imagenet by probe"))')
    assert [DATASETS.bind(column.dataset).arguments()["fraction"] for column in table.columns] == [
        0.05, 0.1, 0.25, 0.5, 1.0
    ]  # fmt: skip
    assert {DATASETS.bind(column.dataset).arguments()["patient"] for column in table.columns} == {"patient"}
    assert [row.label for row in table.rows] == ["A", "ImageNet by probe"] and table.reference == "A"
    assert (table.edition, table.protocol, table.seeds) == ("real", "tuned", 5)
    assert [column.tuned_on for column in table.columns] == [column.label for column in table.columns]
    assert "ward-7" not in " ".join([table.title, *(column.label for column in table.columns)])


def test_masks_take_the_recipe_for_masks_and_a_network_its_own_size() -> None:
    table = table_of_runs('labels(drive, rows=("random", "random on timm(\\"vit_tiny_patch16_224\\")"))')
    assert {column.recipe.image_size for column in table.columns} == {256} and table.rows[1].image_size == 224
    assert table_of_runs("labels(fractions=(1, 0.5, 0.2, 0.1, 0.1))").columns[0].label.startswith("PneumoniaMNIST, 10")


def test_each_seed_has_training_images_of_its_own_but_of_all_images_there_is_one_draw() -> None:
    table = table_of_runs("labels", "phantom")
    few, *_, whole = table.columns
    drawn = [DATASETS.bind(run.dataset).arguments()["order"] for run in _runs(table.cell(table.rows[0], few))]
    assert drawn == [0, 1, 2]
    assert {run.dataset for run in _runs(table.cell(table.rows[0], whole))} == {
        _runs(table.cell(table.rows[1], whole))[0].dataset
    }
    assert DATASETS.bind(_runs(table.cell(table.rows[0], whole))[1].dataset).arguments()["order"] == 0


def test_a_draw_that_a_column_names_is_replaced_by_each_seeds_own() -> None:
    recipe = spec().recipe
    column = Column("A", 'medmnist("pneumoniamnist", fraction=0.5, order=7)', recipe, draws=True)
    assert DATASETS.bind(column.dataset_of(2)).arguments()["order"] == 2
    fixed = Column("A", 'medmnist("pneumoniamnist", fraction=0.5, order=7)', recipe)
    assert DATASETS.bind(fixed.dataset_of(2)).arguments()["order"] == 7


def test_another_draw_is_another_run_and_the_first_one_keeps_its_key(tmp_path: Path) -> None:
    resolver = Resolver(paths_in(tmp_path))
    keys = [
        resolver.resolve(spec(dataset=f'medmnist("pneumoniamnist", {arguments})')).key
        for arguments in ("fraction=0.5", "fraction=0.5, order=0", "fraction=0.5, order=1", "order=1", "fraction=1.0")
    ]
    assert keys[0] == keys[1] != keys[2] and keys[3] == keys[4]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("labels(fractions=(0.1, 0.5, 1.0))", "expected 4 or more different fractions in .0, 1., found 0.1, 0.5, 1.0"),
        ("labels(fractions=(0.1, 0.5, 1.0, 2.0))", "found 0.1, 0.5, 1.0, 2.0"),
        ("labels(drive(fraction=0.5))", "expected a whole dataset, found drive.fraction=0.5."),
    ],
)
def test_what_no_curve_comes_of_is_refused(expression: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        table_of_runs(expression)


@pytest.mark.slow
def test_the_smoke_profile_says_how_many_labels(tmp_path: Path) -> None:
    made = Session(paths_in(tmp_path), wandb="disabled", jobs=2).make("labels", profile="smoke", output=tmp_path / "t")
    assert not made.failures
    heading, *rows = lines(made.document, "labels")  # type: ignore[arg-type]
    assert heading[0] == "How many labels" and [row[0] for row in rows] == ["Random by probe", "Fractals by probe"]
    assert (tmp_path / "t" / "labels-labels.png").stat().st_size > 10_000


def _runs(cell: object) -> tuple:  # type: ignore[type-arg]
    assert isinstance(cell, tuple)
    return cell
