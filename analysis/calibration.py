"""Whether predicted probabilities are as often right as they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of equal width from 0 to 1; the number that the field took over from Guo et al. 2017."""


def calibration_error(probabilities: NDArray[np.float64], targets: NDArray[np.float64], bins: int = BINS) -> float:
    """The expected calibration error of the probability of an event.

    Predictions are put into bins of equal width by their probability. In each bin the share of events is held against
    the mean probability; the error is the mean of their absolute differences, each weighted by how many predictions the
    bin holds (Naeini, Cooper and Hauskrecht 2015, https://doi.org/10.1609/aaai.v29i1.9602). Of few predictions it is
    above 0 even where every probability is right (Kumar, Liang and Ma 2019).

    Args:
        probabilities: how probable the event is by each prediction, in [0, 1].
        targets: what happened, likewise: 1 where the event came, 0 where it did not, NaN where nobody knows; these are
            left out.
        bins: how many there are; a probability between two belongs to the upper one, and 1 to the last.

    Returns:
        The error in [0, 1]; NaN without a known event.

    Raises:
        ValueError: if there is no bin, or a probability is outside [0, 1].
    """
    known = ~np.isnan(targets)
    predicted, came = probabilities[known], targets[known]
    if bins < 1 or not np.all((predicted >= 0) & (predicted <= 1)):
        raise ValueError("expected one bin or more, and probabilities in [0, 1]")
    if not len(predicted):
        return float("nan")
    number = np.minimum((predicted * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(number, came, bins) - np.bincount(number, predicted, bins)  # each times the size of its bin
    return float(np.abs(gaps).sum() / len(predicted))
