"""What a finished table says of its data: counted from the datasets that its runs were planned with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from datamodules.dataset.counts import Count
from experiments.execution.planner import plan
from experiments.reporting.blocks.counts import counts_of
from experiments.run.paths import Paths
from experiments.run.recipes import recipe_named
from experiments.session.context import Context
from experiments.session.documents import Statistics, finished_document
from experiments.tables.build_document import Cells
from experiments.tables.document import TableDocument
from experiments.tables.resolve_table import resolve_cells
from experiments.tables.table import Column, Row, Table
from specs.errors import DataError
from tests.experiments.smoke import paths_in

RECIPE = recipe_named("phantom/smoke")
FOLDER = 'folder("ward-7", kind="multilabel", classes=("a", "b", "c"), patient="secret", split="part"{})'
TABLE = Table(
    title="Wards",
    question="Which?",
    edition="phantom",
    protocol="smoke",
    weights="none",
    backbone="tiny(width=4)",
    rows=(Row("random", "random"), Row("of one", "gabor", only="All")),
    columns=(
        Column("All", FOLDER.format(""), RECIPE),
        Column("A tenth", FOLDER.format(", fraction=0.1"), RECIPE),
        Column("b alone", FOLDER.format(""), RECIPE, score="auroc:b"),
        Column("Elsewhere", 'chexpert(splits="nowhere")', RECIPE),
    ),
    reference="random",
    pretraining=None,
    seeds=1,
)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return paths_in(tmp_path_factory.mktemp("wards"))


@pytest.fixture(scope="module")
def cells(where: Paths) -> Cells:
    """Planned runs, of which none is done."""
    return resolve_cells(TABLE, Context(paths=where).resolver()).runs


def finished(cells: Cells, where: Paths) -> TableDocument:
    context = Context(paths=where)
    return finished_document("wards", TABLE, cells, plan((), context.store), context, Statistics())


def test_each_column_whose_data_are_there_is_counted(cells: Cells, where: Paths) -> None:
    """Of 60 patients with two images each, half train, and every third one shows a class."""
    found = counts_of(finished(cells, where))
    assert list(found) == ["All", "A tenth", "b alone"]
    assert [found[name].splits["train"].whole for name in found] == [Count(60, 30), Count(6, 3), Count(60, 30)]
    assert {of.splits["test"].whole for of in found.values()} == {Count(30, 15)}
    assert [found[name].scored for name in found] == [("a", "b", "c"), ("a", "b", "c"), ("b",)]


def test_data_that_changed_since_the_runs_were_planned_are_not_counted(cells: Cells, where: Paths) -> None:
    (run,) = cells["random", "All"]
    assert not isinstance(run, str)
    identity = run.identity | {"dataset": run.identity["dataset"] | {"test": "another"}}
    changed = dict(cells) | {("random", "All"): (dataclasses.replace(run, identity=identity),)}
    with pytest.raises(DataError, match=r"All: its data have changed .* Make the table again\."):
        finished(changed, where)


def test_no_patient_and_no_folder_is_named(cells: Cells, where: Paths, tmp_path: Path) -> None:
    told = repr(counts_of(finished(cells, where)))
    for private in ("ward-7", "secret", "p15", str(where.runs)):
        assert private not in told
