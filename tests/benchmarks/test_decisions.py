"""Closed worlds: what is drawn is what is said to be true, and the grid is as large as declared."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.decision import Rules
from analysis.patients import FEWEST
from benchmarks.decisions import Cell, as_text, compared, counted, grid
from benchmarks.fewest import errors
from benchmarks.patients import PatientCell, patient_cells

WORLD = PatientCell("a world", (0.9, 0.85, 0.8), 40, 80, spread=0.2)


def test_no_more_than_sixty_cells_are_declared() -> None:
    declared = [cell.name for cell in grid() if not cell.stress]
    assert len(declared) == len(set(declared)) <= 60
    assert sum("patients" in name for name in declared) >= 15


@pytest.mark.parametrize("changes", [{}, {"images": 3}, {"missed": 0.2}])
def test_scores_of_new_patients_are_around_the_true_areas(changes: dict[str, float]) -> None:
    """Phi(d / sqrt(2 + s^2)) for an arm whose shift d varies over runs by s."""
    world = dataclasses.replace(WORLD, **changes)  # type: ignore[arg-type]
    found = np.zeros(3)
    for number in range(150):
        means, scores, _, _ = world.draw(np.random.default_rng(number), 3)
        found += scores.mean(axis=1)[np.argsort(-means)] / 150
    assert found == pytest.approx(world.means, abs=0.008)


@pytest.mark.parametrize("images", [1, 4])
def test_the_covariance_over_patients_is_what_means_vary_by_from_one_set_to_the_next(images: int) -> None:
    """Without any variation of the runs, means over them vary over sets of patients alone."""
    world = dataclasses.replace(WORLD, spread=0.0, own=0.4, images=images)
    differences, variances = [], []
    for number in range(300):
        means, scores, _, patients = world.draw(np.random.default_rng(number), 2)
        assert patients is not None
        best, worst = means.argmax(), means.argmin()
        over = patients([str(best), str(worst)], 2)
        differences.append(scores.mean(axis=1)[best] - scores.mean(axis=1)[worst])
        variances.append(over.covariance[0, 0] + over.covariance[1, 1] - 2 * over.covariance[0, 1])
        assert over.freedom == 39
    assert np.mean(variances) == pytest.approx(np.var(differences, ddof=1), rel=0.25)


def test_images_of_one_patient_are_no_patients_of_their_own() -> None:
    world = dataclasses.replace(WORLD, images=8, alike=0.9)
    wrong = dataclasses.replace(world, as_patients=True)
    right, small = (
        one.draw(np.random.default_rng(0), 2)[3](["0"], 2)  # type: ignore[misc]
        for one in (world, wrong)
    )
    assert small.covariance[0, 0] < right.covariance[0, 0] / 3
    assert small.freedom == 319


def test_with_the_fewest_patients_a_test_errs_no_more_often_than_it_says() -> None:
    for missed, other in ((0.0, 0.97), (0.03, 0.9656)):
        few = PatientCell("", (0.98, other), FEWEST, 60, 0.02, 0.6, 0.38, missed=missed)
        assert max(errors(few, 150)) <= 0.05


def test_a_comparison_is_the_same_each_time_and_counts_go_on_from_the_file(tmp_path: Path) -> None:
    cells = [Cell("two", (0.9, 0.8), 0.01), dataclasses.replace(WORLD, means=(0.9, 0.8))]
    rules = Rules(looks=(2, 3))
    assert compared(cells[1], 5, rules) == compared(cells[1], 5, rules)
    file = tmp_path / "counts.jsonl"
    first = list(counted(cells, 4, rules, file))
    known = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["found"] for line in known] == [found for _, found in first]
    assert list(counted(cells, 4, rules, file)) == first
    assert len(file.read_text().splitlines()) == 2
    assert as_text(first, 4, 0.05).count("\n") == 2


def test_no_cell_has_fewer_patients_of_the_rarer_class_than_are_taken() -> None:
    assert all(min(cell.positives, cell.negatives) >= FEWEST for cell in patient_cells())
