"""How far measured areas agree with true ones: the bias and the limits of agreement."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NORMAL = 1.96
"""The standard deviations around a mean between which 95 % of normally distributed differences lie."""


class Agreement(NamedTuple):
    """The agreement of two ways to measure, in the unit of the measurements.

    Attributes:
        bias: the mean difference, measured minus true.
        spread: the sample standard deviation of the differences; NaN of fewer than two.
    """

    bias: float
    spread: float

    @property
    def low(self) -> float:
        """The lower limit of agreement; NaN of fewer than two differences."""
        return self.bias - NORMAL * self.spread

    @property
    def high(self) -> float:
        """The upper limit of agreement; NaN of fewer than two differences."""
        return self.bias + NORMAL * self.spread


def agreement(measured: NDArray[np.float64], true: NDArray[np.float64]) -> Agreement:
    """The mean difference of two measurements of the same things, and the spread of the differences.

    The limits of agreement, the mean difference ± 1.96 standard deviations, are expected to hold 95 % of the
    differences where these are normally distributed (Bland and Altman 1986,
    https://doi.org/10.1016/S0140-6736(86)90837-8).

    Args:
        measured: (N,) what was measured, in any unit.
        true: (N,) what it is held against, in the same unit.

    Raises:
        ValueError: if nothing was measured, or the lengths differ.
    """
    if measured.shape != true.shape or not measured.size:
        raise ValueError(f"expected one true value for each of one or more, found {measured.shape} and {true.shape}")
    differences = measured - true
    spread = float(differences.std(ddof=1)) if len(differences) > 1 else math.nan
    return Agreement(float(differences.mean()), spread)
