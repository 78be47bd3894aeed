"""Scores of rare classes in every table of classifications: measured of stored predictions, and shown folded."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, cohen_kappa_score, f1_score

from datamodules.eyepacs import EyePacs
from experiments.measures.rare_classes import rare_class_scores, rare_classes
from experiments.reporting.blocks.rare_classes import RareClassScores
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.run.paths import Paths
from experiments.run.store import PREDICTIONS, Record
from experiments.tables.document import Cell
from tests.experiments.example_table import document
from tests.experiments.smoke import spec

FIRST = "A_1 <50%> & more"


def test_the_scores_of_a_run_are_those_of_its_predictions(record: Record, where: Paths) -> None:
    table = pq.read_table(record.file(PREDICTIONS))
    (name,) = [column.partition(":")[2] for column in table.column_names if column.startswith("target:")]
    expected = average_precision_score(table[f"target:{name}"], table[f"probability:{name}"])
    found = rare_class_scores(record, where)
    assert found == {"average_precision": pytest.approx(expected), f"average_precision:{name}": pytest.approx(expected)}


def test_exclusive_classes_are_told_by_the_likeliest_one(tmp_path: Path, where: Paths) -> None:
    true, told = [0, 1, 2, 2, 1, 0, 3, 4, 4], [0, 2, 2, 1, 1, 0, 3, 3, 4]
    columns = {
        f"{kind}:{name}": [float(one == number) for one in values]
        for kind, values in (("target", true), ("probability", told))
        for number, name in enumerate(EyePacs().task.classes)
    }
    pq.write_table(pa.table({"id": list("abcdefghi"), **columns}), tmp_path / PREDICTIONS)
    run = spec(dataset="eyepacs")
    found = rare_class_scores(Record(tmp_path, {"spec": run.to_json()}), where)
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(true, told))
    assert found["f1"] == pytest.approx(f1_score(true, told, average="macro"))
    assert found["quadratic_kappa"] == pytest.approx(cohen_kappa_score(true, told, weights="quadratic"))
    assert rare_classes().numbers(run) == ("average_precision", "balanced_accuracy", "f1", "quadratic_kappa")


def test_segmentations_have_none() -> None:
    assert not rare_classes().numbers(spec(dataset="drive"))


def test_pages_and_files_have_them_and_other_formats_have_no_room(tmp_path: Path) -> None:
    part = RareClassScores({"average_precision": {("random", FIRST): Cell((0.125, 0.25))}})
    made = document(parts=(part,))
    assert "18.75 ± 8.84" in render("A report", [Illustrated(made)])
    assert "18.75 ± 8.84" not in to_markdown(made)
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made
