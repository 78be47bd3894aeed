"""The expected calibration error beside closed forms, a slow count by hand, and torchmetrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from analysis.calibration import BINS, calibration_error


def test_four_predictions_counted_by_hand() -> None:
    """In two bins: of 0.1 and 0.3 one event came (|1/2 - 0.2| = 0.3), of 0.6 and 0.8 both (|1 - 0.7| = 0.3)."""
    found = calibration_error(np.array([0.1, 0.3, 0.6, 0.8]), np.array([0.0, 1.0, 1.0, 1.0]), bins=2)
    assert found == pytest.approx(0.3)


def test_whoever_always_says_a_half_is_wrong_by_how_often_it_came_less_a_half() -> None:
    targets = np.array([1.0] * 7 + [0.0] * 3)
    assert calibration_error(np.full(10, 0.5), targets) == pytest.approx(0.2)


@pytest.mark.parametrize(("probability", "error"), [(0.0, 0.4), (1.0, 0.6)])
def test_the_ends_belong_to_bins_too(probability: float, error: float) -> None:
    targets = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    assert calibration_error(np.full(5, probability), targets) == pytest.approx(error)


def test_probabilities_that_are_right_have_no_error_but_that_of_few_predictions() -> None:
    generator = np.random.default_rng(0)
    few, many = (generator.random(count) for count in (50, 400_000))
    errors = [calibration_error(of, (generator.random(len(of)) < of).astype(float)) for of in (few, many)]
    assert errors[0] > 0.03
    assert errors[1] < 0.005


def test_what_nobody_knows_is_left_out() -> None:
    probabilities, targets = np.array([0.9, 0.2, 0.4]), np.array([1.0, math.nan, 0.0])
    assert calibration_error(probabilities, targets) == calibration_error(probabilities[[0, 2]], targets[[0, 2]])
    assert math.isnan(calibration_error(np.array([0.5]), np.array([math.nan])))


def test_it_is_what_torchmetrics_finds_of_the_confidence_in_the_event() -> None:
    """torchmetrics counts the positive class for binary tasks, as Naeini et al. do."""
    generator = np.random.default_rng(1)
    probabilities = generator.random(500)
    targets = (generator.random(500) < probabilities**2).astype(float)
    theirs = binary_calibration_error(torch.tensor(probabilities), torch.tensor(targets).int(), n_bins=BINS, norm="l1")
    assert calibration_error(probabilities, targets) == pytest.approx(float(theirs), abs=1e-6)


@pytest.mark.parametrize(("probabilities", "bins"), [([1.5], 15), ([-0.1], 15), ([0.5], 0)])
def test_what_is_no_probability_is_refused(probabilities: list[float], bins: int) -> None:
    with pytest.raises(ValueError, match=r"one bin or more, and probabilities in \[0, 1\]"):
        calibration_error(np.array(probabilities), np.array([1.0]), bins)
