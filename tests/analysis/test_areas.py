"""The bias and the limits of agreement beside the numbers that Bland and Altman print."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.areas import agreement

LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Peak expiratory flow in l/min, first measurements by a large and a mini Wright meter (Bland and Altman 1986)."""


def test_the_example_of_the_paper() -> None:
    """They print a mean difference of -2.1 l/min, a standard deviation of 38.8 and limits of about -80 and 76."""
    found = agreement(np.array(LARGE, float), np.array(MINI, float))
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.spread == pytest.approx(38.8, abs=0.05)
    assert (found.low, found.high) == pytest.approx((-79.7, 75.5), abs=2.0)  # the paper takes 2 for 1.96


def test_of_one_image_there_is_a_bias_and_no_limit() -> None:
    found = agreement(np.array([3.0]), np.array([1.0]))
    assert found.bias == 2
    assert math.isnan(found.low) and math.isnan(found.high)


@pytest.mark.parametrize(("measured", "true"), [([], []), ([1.0, 2.0], [1.0])])
def test_nothing_or_other_numbers_of_values_are_refused(measured: list[float], true: list[float]) -> None:
    with pytest.raises(ValueError, match="expected one true value for each of one or more"):
        agreement(np.array(measured), np.array(true))
