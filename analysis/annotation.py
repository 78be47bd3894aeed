"""How many labels a start saves: where one learning curve reaches a score, and where two come together.

Both are read off fitted curves (``analysis.power_law``) between the smallest and the largest number of images that was
tried, and nowhere else. The interval of a number of images holds those at which the difference in question is not
excluded by the interval of that difference, so that it may have no end within what was tried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from analysis.power_law import Array, Band, PowerLaw

PLACES = 32
"""At how many numbers of images, at equal ratios, intervals are computed; between them they are interpolated."""

FINE = 60
"""How many places there are for each of these where they are interpolated: two neighbours differ by under 1 %."""


@dataclass(frozen=True)
class Labels:
    """A number of training images, with its confidence interval.

    A value of ``-inf`` is fewer than the smallest number that was tried, and ``inf`` more than the largest, or none.

    Attributes:
        number: the estimated number of images.
        low: the lower end of the interval.
        high: the upper end of the interval.
    """

    number: float
    low: float
    high: float


def places(*curves: PowerLaw) -> Array:
    """Numbers of images at equal ratios over the range that all curves were fitted on.

    Raises:
        ValueError: if the curves have no range in common.
    """
    least, most = max(curve.numbers[0] for curve in curves), min(curve.numbers[-1] for curve in curves)
    if not least < most:
        raise ValueError(f"the curves have no range of numbers of images in common: {least:g} to {most:g}")
    return _spaced(least, most, PLACES)


def less(first: Band, second: Band) -> Band:
    """The difference of two independent estimates, with an interval from the intervals of both.

    Each end is as far from the estimate as the two ends that it comes from are together, by Pythagoras, so that
    intervals need not be symmetric (Zou and Donner 2008, https://doi.org/10.1002/sim.3095, "MOVER"). Estimates that are
    positively correlated, such as those of two rows on the same images, have a smaller interval.

    Args:
        first: the estimates from which the others are taken away.
        second: the estimates that are taken away.
    """
    estimate = first.estimate - second.estimate
    low = np.hypot(first.estimate - first.low, second.high - second.estimate)
    high = np.hypot(first.high - first.estimate, second.estimate - second.low)
    return Band(estimate, estimate - low, estimate + high)


def labels_to_reach(curve: PowerLaw, other: PowerLaw) -> Labels:
    """The number of images with which one curve reaches the score that another one has with all of its images.

    Args:
        curve: the curve that is to reach the score.
        other: the curve whose score at its largest number of images is to be reached.
    """
    numbers = places(curve)
    final = other.band([other.numbers[-1]])
    lead, fine = _finer(less(_over(curve, numbers[0], numbers[-1]), final), numbers)
    return Labels(_from(lead.estimate >= 0, fine), _first(lead.high >= 0, fine), _from(lead.low >= 0, fine))


def labels_until_alike(first: PowerLaw, second: PowerLaw, margin: float) -> Labels:
    """The number of images from which on the difference of two curves is no larger than a margin.

    The lower end is where the difference is for the first time not shown to be larger than the margin, and the upper
    end where it is shown to be no larger from there to the largest number of images. What is not shown is not claimed:
    an upper end of ``inf`` says that the curves may differ by more than the margin even there.

    Args:
        first: one of the two curves.
        second: the other one of them.
        margin: the largest difference of scores that does not matter, above 0.

    Raises:
        ValueError: if the margin is not above 0, or the curves have no range in common.
    """
    if not margin > 0:
        raise ValueError(f"expected a margin above 0, found {margin:g}")
    numbers = places(first, second)
    bands = [_over(curve, numbers[0], numbers[-1]) for curve in (first, second)]
    lead, fine = _finer(less(*bands), numbers)
    maybe = (lead.low <= margin) & (lead.high >= -margin)
    within = (lead.low >= -margin) & (lead.high <= margin)
    return Labels(_from(np.abs(lead.estimate) <= margin, fine), _first(maybe, fine), _from(within, fine))


@lru_cache(maxsize=128)
def _over(curve: PowerLaw, least: float, most: float) -> Band:
    """A curve at ``places``; it is kept, since both numbers of labels and several texts need it."""
    return curve.band(_spaced(least, most, PLACES))


def _spaced(least: float, most: float, count: int) -> Array:
    """Numbers at equal ratios, of which the first and the last are not rounded."""
    found: Array = np.geomspace(least, most, count)
    found[[0, -1]] = least, most
    return found


def _finer(band: Band, numbers: Array) -> tuple[Band, Array]:
    """Estimates at many more numbers of images, interpolated over the logarithm of the number."""
    fine = _spaced(numbers[0], numbers[-1], FINE * PLACES)
    found = [np.interp(np.log(fine), np.log(numbers), of) for of in (band.estimate, band.low, band.high)]
    return Band(*found), fine


def _from(holds: NDArray[np.bool_], numbers: Array) -> float:
    """The number of images from which on something holds to the end; ``-inf`` if always, ``inf`` if not at the end."""
    if holds.all():
        return -math.inf
    return float(numbers[len(holds) - int((~holds)[::-1].argmax())]) if holds[-1] else math.inf


def _first(holds: NDArray[np.bool_], numbers: Array) -> float:
    """The smallest number of images at which something holds; ``-inf`` if at the first, ``inf`` if at none."""
    if holds[0]:
        return -math.inf
    return float(numbers[holds.argmax()]) if holds.any() else math.inf
