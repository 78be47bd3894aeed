"""The scores of modules: a task's score as ``analysis`` has it, and torchmetrics' areas beside ``analysis``'s."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from analysis.metrics import auroc
from lightning_modules.scoring import task_score, torchmetrics_areas, validation_score
from specs.task import Task

TASKS = (
    Task("binary", ("ill",)),
    Task("multilabel", ("a", "b", "c"), scored=("a", "c")),
    Task("multiclass", ("x", "y", "z")),
    Task("multiclass", ("x", "y", "z"), positives=("y", "z")),
    Task("segmentation", ("vessel",)),
)


@pytest.fixture
def double() -> Iterator[None]:
    """torch's default float, in which torchmetrics sums, is float64."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def predictions(levels: int, columns: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which some are missing, and probabilities of so many values; the first column has no positives."""
    generator = np.random.default_rng(levels)
    targets = (generator.random((400, columns)) < np.linspace(0, 0.9, columns)).astype(float)
    scores = np.floor((generator.random((400, columns)) * 0.7 + 0.3 * targets) * levels) / levels
    targets[generator.random((400, columns)) < 0.2] = np.nan
    return targets, scores


@pytest.mark.parametrize("levels", [3, 40, 2**40], ids=["many ties", "some ties", "no ties"])
@pytest.mark.usefixtures("double")
def test_torchmetrics_areas_are_those_of_analysis_to_float64(levels: int) -> None:
    targets, scores = predictions(levels)
    expected = auroc(targets, scores)
    np.testing.assert_allclose(torchmetrics_areas(targets, scores), expected, rtol=0, atol=1e-12)
    assert np.flatnonzero(np.isnan(expected)).tolist() == [0]


@pytest.mark.parametrize("levels", [3, 40, 2**40], ids=["many ties", "some ties", "no ties"])
def test_torchmetrics_areas_are_those_of_analysis_to_the_float32_that_torchmetrics_sums_in(levels: int) -> None:
    targets, scores = predictions(levels)
    np.testing.assert_allclose(torchmetrics_areas(targets, scores), auroc(targets, scores), rtol=0, atol=1e-6)


@pytest.mark.parametrize("task", TASKS[:4], ids=["one class", "findings", "grades", "grades together"])
def test_validation_and_test_score_the_same_but_for_the_digits_of_float32(task: Task) -> None:
    generator = np.random.default_rng(0)
    targets = np.eye(len(task.classes))[generator.integers(0, len(task.classes), 300)]
    if len(task.classes) == 1:
        targets[:100] = 0
    probabilities = generator.random(targets.shape) + targets / 3
    rows = {"targets": targets, "probabilities": probabilities / probabilities.max() / len(task.classes)}
    assert validation_score(task).value(rows) == pytest.approx(task_score(task).value(rows), abs=1e-6)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.kind} {len(task.positives)}")
def test_a_tasks_metric_is_the_first_of_its_scores(task: Task) -> None:
    assert task_score(task).names()[0] == validation_score(task).names()[0] == task.metric
