"""The table of shortcuts: its columns, and, slowly, what is true of its rows by construction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datamodules.shortcut import Shortcut
from experiments.measures.measuring.measure import measure_of
from experiments.session.selecting import Selection
from experiments.session.session import Session
from experiments.studies.shortcuts import MEASURES
from experiments.tables.document import TableDocument
from specs.registry import DATASETS, INITIALIZERS
from tests.experiments.smoke import table_of_runs


@pytest.mark.parametrize(("profile", "artifacts"), [("phantom", ["tag", "frequency"]), ("smoke", ["tag"])])
def test_each_artifact_has_its_score_and_what_stands_beside_it(profile: str, artifacts: list[str]) -> None:
    table = table_of_runs("shortcuts", profile)
    labels = [f"{artifact}, {name}" for artifact in artifacts for name in ("score", *MEASURES)]
    assert [column.label for column in table.columns] == labels
    assert table.edition == "phantom"
    for column in table.columns:
        dataset = DATASETS.build(column.dataset)
        assert isinstance(dataset, Shortcut)
        assert column.label.startswith(dataset.artifact)
        if column.measure:
            _, measure, number = measure_of(column.measure)
            measure.check_number(number, table.cell(table.rows[0], column)[0])  # type: ignore[arg-type]
    for row in table.rows:
        INITIALIZERS.build(row.initializer)
    assert [row.label for row in table.rows] == ["random", "Mean Var of the source", "source"]


@pytest.mark.slow
def test_a_start_without_features_leans_on_the_artifact_more_than_one_that_has_them(tmp_path: Path) -> None:
    """The source names the glyphs by which the target's classes differ; a random start has the tag alone to learn."""
    session = Session(tmp_path, wandb="disabled", jobs=2)
    selection = Selection(rows=("source",), columns=("tag, score", "tag, pull"))
    document = session.make("shortcuts", seeds=2, selection=selection).document
    assert isinstance(document, TableDocument)
    pulls, scores = (
        {row: float(np.mean(document.cells[row, column].values)) for row in ("random", "source")}
        for column in ("tag, pull", "tag, score")
    )
    assert pulls["random"] > pulls["source"] + 0.2
    assert scores["source"] > scores["random"] + 0.1
