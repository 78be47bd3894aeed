"""Whether predicted probabilities are as often right as they say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of equal width from 0 to 1; the number that the field took over from Guo et al. 2017."""


class Reliability(NamedTuple):
    """Predictions put into bins of equal width by their probability.

    Attributes:
        predictions: (B,) how many predictions each bin holds.
        probabilities: (B,) the sum of the probabilities in each bin.
        events: (B,) how many of the events in each bin came.
    """

    predictions: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    events: NDArray[np.float64]


def reliability(probabilities: NDArray[np.float64], targets: NDArray[np.float64], bins: int = BINS) -> Reliability:
    """Hold probabilities of an event against how often it came, in bins of equal width.

    Args:
        probabilities: (N,) how probable the event is by each prediction, in [0, 1].
        targets: (N,) what happened: 1 where the event came, 0 where it did not, NaN where nobody knows; these are left
            out.
        bins: how many bins there are; a probability between two belongs to the upper one, and 1 to the last.

    Raises:
        ValueError: if there is no bin, or a probability is outside [0, 1].
    """
    known = ~np.isnan(targets)
    predicted, came = probabilities[known], targets[known]
    if bins < 1 or not np.all((predicted >= 0) & (predicted <= 1)):
        raise ValueError("expected one bin or more, and probabilities in [0, 1]")
    number = np.minimum((predicted * bins).astype(np.int64), bins - 1)
    return Reliability(
        np.bincount(number, minlength=bins).astype(np.float64),
        np.bincount(number, predicted, bins).astype(np.float64),
        np.bincount(number, came, bins).astype(np.float64),
    )


def calibration_error(probabilities: NDArray[np.float64], targets: NDArray[np.float64], bins: int = BINS) -> float:
    """The expected calibration error of the probability of an event.

    Predictions are put into bins of equal width by their probability. In each bin the share of events is held against
    the mean probability; the error is the mean of their absolute differences, each weighted by how many predictions the
    bin holds (Naeini, Cooper and Hauskrecht 2015, https://doi.org/10.1609/aaai.v29i1.9602). Of few predictions it is
    above 0 even where every probability is right (Kumar, Liang and Ma 2019).

    Args:
        probabilities: how probable the event is by each prediction, in [0, 1].
        targets: what happened, as for ``reliability``.
        bins: how many bins there are.

    Returns:
        The error in [0, 1]; NaN without a known event.

    Raises:
        ValueError: if there is no bin, or a probability is outside [0, 1].
    """
    held = reliability(probabilities, targets, bins)
    gaps = held.events - held.probabilities  # each times the size of its bin
    total = held.predictions.sum()
    return float(np.abs(gaps).sum() / total) if total else float("nan")
