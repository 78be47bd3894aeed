"""Calibration in every table of classifications: measured of stored predictions, and shown by every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from experiments.measures.calibration import calibration, calibration_errors
from experiments.reporting.blocks.building.kind import gathered
from experiments.reporting.blocks.calibration import CalibrationErrors
from experiments.reporting.formats.comma_separated import to_csv
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.formats.latex import to_latex
from experiments.reporting.formats.markdown import to_markdown
from experiments.reporting.page.page import Illustrated, render
from experiments.run.paths import Paths
from experiments.run.store import PREDICTIONS, Record
from experiments.tables.document import Cell
from tests.experiments.example_table import document, lines, terminal
from tests.experiments.gathered import gathering
from tests.experiments.smoke import spec

FIRST = "A_1 <50%> & more"
ERRORS = CalibrationErrors({("random", FIRST): Cell((0.1, 0.2)), ("good | *best*", FIRST): Cell((0.05,))})
SHOWN = [("random", "15.00 ± 7.07"), ("good | *best*", "5.00"), ("gone", "-")]


def test_the_error_of_a_run_is_that_of_its_predictions(record: Record, where: Paths) -> None:
    """Counted anew, bin by bin."""
    table = pq.read_table(record.file(PREDICTIONS))
    (name,) = [column.partition(":")[2] for column in table.column_names if column.startswith("target:")]
    predicted, came = (table[f"{kind}:{name}"].to_numpy() for kind in ("probability", "target"))
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (predicted >= low) & ((predicted < low + 1 / 15) | (low + 1 / 15 > 1 - 1e-9))
        if inside.any():
            expected += inside.mean() * abs(came[inside].mean() - predicted[inside].mean())
    found = calibration_errors(record, where)
    assert found["error"] == found[f"error:{name}"] == pytest.approx(expected)


def test_segmentations_have_none() -> None:
    measure = calibration()
    assert "error" in measure.numbers(spec())
    assert not measure.numbers(spec(dataset="drive"))


def test_a_table_gathers_the_errors_of_its_runs(record: Record, where: Paths) -> None:
    (part,) = (part for part in gathered(gathering(record, where)) if isinstance(part, CalibrationErrors))
    assert part.cells == {("r", "A"): Cell((calibration_errors(record, where)["error"],))}


def test_every_format_shows_it(tmp_path: Path) -> None:
    made = document(parts=(ERRORS,))
    assert lines(made, "calibration")[1:] == SHOWN
    page = render("A report", [Illustrated(made)])
    for text in (terminal(made), to_markdown(made), to_latex(made).replace(r"$\pm$", "±"), to_json(made), page):
        assert "15.00 ± 7.07" in text
        assert "Naeini et al. 2015" in " ".join(text.split())
    rows = {(row["row"], row["column"]): row for row in csv.DictReader(io.StringIO(to_csv(made)))}
    assert float(rows["random", FIRST]["calibration_error"]) == pytest.approx(0.15)
    assert rows["gone", FIRST]["calibration_error"] == ""
    (block,) = [one for one in json.loads(to_json(made))["blocks"] if one["kind"] == "calibration"]
    assert [one["values"] for one in block["lines"]] == [[pytest.approx(0.15)], [0.05], [None]]
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made
