"""Sensitivity at a specificity in every table of yes and no: thresholds of validation, scores of the test split."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.bootstrap import draw_counts, interval
from experiments.measures.operating_points import NUMBERS, operating_point_numbers, operating_points
from experiments.reporting.blocks.building.kind import gathered
from experiments.reporting.blocks.operating_points import PointsOfRuns
from experiments.reporting.blocks.rare_classes import RareClassScores
from experiments.reporting.formats.json_format import read_table, to_json
from experiments.reporting.page.page import Illustrated, render
from experiments.run.paths import Paths
from experiments.run.resolve import Resolver
from experiments.run.restored import restore
from experiments.run.store import PREDICTIONS, VALIDATION_PREDICTIONS, Record
from experiments.tables.document import Cell
from specs.errors import RunError
from specs.run import RunSpec
from tests.experiments.example_table import document
from tests.experiments.gathered import gathering
from tests.experiments.smoke import spec

FIRST, CLASS = "A_1 <50%> & more", "pneumonia"


def stored(record: Record, file: str) -> tuple[np.ndarray, np.ndarray]:
    """The targets and probabilities of the only class in a file of predictions."""
    table = pq.read_table(record.file(file))
    (name,) = [column.partition(":")[2] for column in table.column_names if column.startswith("target:")]
    return table[f"target:{name}"].to_numpy(), table[f"probability:{name}"].to_numpy()


def earlier(record: Record) -> Record:
    """The run as versions left it that kept no predictions of the validation split."""
    files = {name: sha256 for name, sha256 in record.data["files"].items() if name != VALIDATION_PREDICTIONS}
    return dataclasses.replace(record, data=record.data | {"files": files})


def test_a_run_keeps_what_its_network_tells_of_the_validation_images(record: Record, where: Paths) -> None:
    network = restore(record, where)
    table = pq.read_table(record.file(VALIDATION_PREDICTIONS))
    assert table["id"].to_pylist() == [sample.id for sample in network.data.index_of("validation")]
    batches = list(network.data.val_dataloader())
    told = np.concatenate([network.module.probabilities(batch["image"]).detach().numpy() for batch in batches])
    targets, probabilities = stored(record, VALIDATION_PREDICTIONS)
    assert probabilities == pytest.approx(told[:, 0], abs=1e-6)
    assert (targets == np.concatenate([batch["target"].numpy() for batch in batches])[:, 0]).all()


def test_the_threshold_is_of_validation_and_the_shares_are_of_the_test_split(record: Record, where: Paths) -> None:
    (true, told), (targets, scores) = stored(record, VALIDATION_PREDICTIONS), stored(record, PREDICTIONS)
    negatives, positives = np.sort(told[true == 0]), np.sort(told[true == 1])
    above = min(one for one in negatives if (negatives <= one).mean() >= 0.9)
    least = max(one for one in positives if (positives >= one).mean() >= 0.9)
    expected = {
        "sensitivity_at_specificity": (scores[targets == 1] > above).mean(),
        "specificity_reached": (scores[targets == 0] <= above).mean(),
        "specificity_at_sensitivity": (scores[targets == 0] < least).mean(),
        "sensitivity_reached": (scores[targets == 1] >= least).mean(),
    }
    found = operating_point_numbers(record, where)
    assert {name: found[name] for name in NUMBERS} == pytest.approx(expected)
    assert len(found) == 2 * len(NUMBERS), "and those of the only class"


def test_each_label_has_a_threshold_of_its_own_and_the_mean_is_over_the_scored_ones(
    tmp_path: Path, where: Paths
) -> None:
    run = spec(dataset="chexpert")
    classes = operating_points().numbers(run)[len(NUMBERS) :][: len(operating_points().numbers(run)) // 4 - 1]
    names = [name.partition(":")[2] for name in classes]
    ranks = np.arange(20) / 20
    for file in (VALIDATION_PREDICTIONS, PREDICTIONS):
        columns = {}
        for number, name in enumerate(names):
            columns[f"target:{name}"] = (np.arange(20) >= 10).astype(float)
            columns[f"probability:{name}"] = (ranks + number) / 100  # another scale for each label
        pq.write_table(pa.table({"id": [str(one) for one in range(20)], **columns}), tmp_path / file)
    record = Record(tmp_path, {"spec": run.to_json(), "files": {VALIDATION_PREDICTIONS: None, PREDICTIONS: None}})
    found = operating_point_numbers(record, where)
    assert {found[f"sensitivity_at_specificity:{name}"] for name in names} == {1.0}
    assert {found[f"specificity_reached:{name}"] for name in names} == {0.9}
    assert found["specificity_reached"] == pytest.approx(0.9)


def test_tasks_of_exclusive_classes_and_segmentations_have_none() -> None:
    assert not operating_points().numbers(spec(dataset="eyepacs"))
    assert not operating_points().numbers(spec(dataset="drive"))


def test_blocks_gather_means_with_intervals_over_test_patients(record: Record, where: Paths) -> None:
    parts = gathered(gathering(record, where))
    (points,) = (part for part in parts if isinstance(part, PointsOfRuns))
    (rare,) = (part for part in parts if isinstance(part, RareClassScores))
    assert points.unmeasured == 0
    cell = points.by_number["sensitivity_at_specificity"]["r", "A"]
    assert cell.values == (operating_point_numbers(record, where)["sensitivity_at_specificity"],)
    true, told = stored(record, VALIDATION_PREDICTIONS)
    targets, scores = stored(record, PREDICTIONS)
    above = min(one for one in told[true == 0] if (told[true == 0] <= one).mean() >= 0.9)
    index = Resolver(where).index(RunSpec.from_json(record.data["spec"]))
    drawn = []
    for counts in draw_counts([sample.patient for sample in index.test], 1000, 0):
        rows = np.repeat(np.arange(len(targets)), counts)
        drawn.append((scores[rows][targets[rows] == 1] > above).mean())
    expected = interval(0, drawn)
    assert cell.interval == pytest.approx((expected.low, expected.high), abs=1e-9)
    low, high = rare.by_number["average_precision"]["r", "A"].interval or (1, 0)
    assert low <= rare.by_number["average_precision"]["r", "A"].values[0] <= high


def test_runs_of_earlier_versions_are_counted_and_a_column_of_them_is_refused(record: Record, where: Paths) -> None:
    (part,) = (one for one in gathered(gathering(earlier(record), where)) if isinstance(one, PointsOfRuns))
    assert part == PointsOfRuns({}, 1)
    assert "1 runs of an earlier version" in json.dumps(to_json(document(parts=(part,))))
    with pytest.raises(RunError, match="kept no predictions of the validation split"):
        operating_point_numbers(earlier(record), where)


def test_pages_and_files_show_means_intervals_and_classes(tmp_path: Path) -> None:
    cells = {("random", FIRST): Cell((0.125, 0.25), interval=(0.0625, 0.5))}
    name = "sensitivity_at_specificity"
    made = document(parts=(PointsOfRuns({name: cells, f"{name}:a": cells, f"{name}:b": cells}, 0),))
    page = render("A report", [Illustrated(made)])
    assert "18.75 ± 8.84<small>6.25 to 50.00</small>" in page
    assert "of each class of" in page
    (tmp_path / "made.json").write_text(to_json(made))
    assert read_table(tmp_path / "made.json") == made
