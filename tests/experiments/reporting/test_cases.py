"""Worst, median and wrong cases: what counts as an error, and what is said below an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.reporting.blocks.building.predicted import captions, deciding, errors_of, picture, thresholds
from experiments.reporting.blocks.examples import column_cases, networks_of
from experiments.run.paths import Paths
from experiments.run.store import Record
from experiments.tables.document import Cell, RunLine
from specs.task import Task
from tests.experiments.example_table import document
from tests.experiments.gathered import predicted

PNEUMONIA = 'medmnist("pneumoniamnist")'


def binary(targets: list[float], probabilities: list[float]) -> dict[str, Any]:
    return {"target:pneumonia": np.array(targets), "probability:pneumonia": np.array(probabilities)}


def test_a_finding_below_the_threshold_is_an_error_and_no_match(tmp_path: Path) -> None:
    """On the validation split the threshold is 0.5, which 9 of 10 negatives do not exceed."""
    validated = binary([0] * 10 + [1], [0.1] * 8 + [0.5, 0.9, 0.9])
    record = predicted(tmp_path, PNEUMONIA, binary([1, 1, 0, 0], [0.47, 0.93, 0.12, 0.8]), validated)
    assert thresholds(record).tolist() == [0.5]
    errors = errors_of(record)
    assert errors.wrong.tolist() == [True, False, False, True]
    assert errors.sizes == pytest.approx([0.53, 0.07, 0.12, 0.8])
    assert captions({"A": record}, range(4)) == [
        ("truth: pneumonia", "A: pneumonia 0.47, missed"),
        ("truth: pneumonia", "A: pneumonia 0.93, found"),
        ("truth: no finding", "A: pneumonia 0.12, rightly not found"),
        ("truth: no finding", "A: pneumonia 0.80, a false alarm"),
    ]
    (told,) = deciding({"A": record}, Task("binary", ("pneumonia",)))
    assert told.endswith("specificity of 90% or more on the validation split: A 0.50.")


def test_runs_without_validation_predictions_decide_at_a_half(tmp_path: Path) -> None:
    record = predicted(tmp_path, PNEUMONIA, binary([1, 0], [0.47, 0.4]))
    assert thresholds(record).tolist() == [0.5]
    assert errors_of(record).wrong.tolist() == [True, False]


def test_an_exclusive_class_is_wrong_where_another_is_likelier(tmp_path: Path) -> None:
    from specs.registry import DATASETS

    first, second, *others = DATASETS.build("eyepacs").task.classes
    columns = {f"target:{name}": np.zeros(2) for name in (first, second, *others)}
    columns[f"target:{first}"] = np.ones(2)
    columns |= {f"probability:{name}": np.zeros(2) for name in others}
    columns |= {f"probability:{first}": np.array([0.7, 0.47]), f"probability:{second}": np.array([0.3, 0.53])}
    record = predicted(tmp_path, "eyepacs", columns)
    errors = errors_of(record)
    assert errors.sizes == pytest.approx([0.3, 0.53])
    assert errors.wrong.tolist() == [False, True]
    assert captions({"A": record}, [0, 1]) == [
        (f"truth: {first}", f"A: {first} 0.70, right"),
        (f"truth: {first}", f"A: {first} 0.47, wrong: decided as {second} 0.53"),
    ]


def test_a_mask_is_wrong_where_all_of_it_is_missed_or_nothing_is_there(tmp_path: Path) -> None:
    tp, fp, fn = np.array([5, 0, 0, 0]), np.array([5, 3, 0, 0]), np.array([0, 0, 4, 0])
    counts = {f"network_whole_{name}": of for name, of in (("tp", tp), ("fp", fp), ("fn", fn))}
    errors = errors_of(predicted(tmp_path, "drive", counts))
    assert errors.sizes == pytest.approx([1 / 3, 1, 1, 0])
    assert errors.wrong.tolist() == [False, True, True, False]


def test_outlines_have_the_color_of_their_row_and_a_white_edge() -> None:
    mask = np.zeros((24, 24), bool)
    mask[6:18, 6:18] = True
    drawn = picture(np.full((24, 24, 1), 90, np.uint8), None, [(mask, "#0072B2")])
    colors = {tuple(color) for color in drawn.reshape(-1, 3).tolist()}
    assert {(0, 0x72, 0xB2), (255, 255, 255)} <= colors


def test_cases_are_the_worst_the_median_and_wrong_ones(record: Record, where: Paths) -> None:
    key = record.folder.name
    run = RunLine(key, "random", "B", 0, record.score, 1.0, 1)
    made = document(runs=(run,), cells=document().cells | {("random", "B"): Cell((0.9,))})
    networks = networks_of(made, "B", where)
    assert networks is not None
    block = column_cases("B", networks)
    names = [picture.lines[0] for picture in block.pictures]
    errors = errors_of(record)
    assert names[:4] == [f"worst 1 of {len(errors.sizes)}", f"worst 2 of {len(errors.sizes)}", "median", "median"]
    assert set(names[4:]) <= {"wrong"}
    worst = float(errors.sizes.max())
    told = float(block.pictures[0].lines[2].split("pneumonia ")[1][:4])
    assert min(abs(told - worst), abs(1 - told - worst)) < 0.006
    for shown in block.pictures[4:]:
        assert "missed" in shown.lines[2] or "a false alarm" in shown.lines[2]
    assert f"{int(errors.wrong.sum())} of {len(errors.sizes)} test images" in block.notes[0]
