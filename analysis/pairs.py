"""Statistics of numbers that belong to pairs of networks, such as a similarity.

Pairs that share a network are not independent, so networks are permuted and resampled, not pairs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pair = tuple[str, str]
"""The names of two networks."""

MOST = 10_000
"""The number of relabellings that are tried; where there are fewer, all are tried, and the test is exact."""

RESAMPLES = 2000
"""The number of bootstrap resamples of the networks."""

LEVEL = 0.95
"""The confidence level of intervals."""


@dataclass(frozen=True)
class Permuted:
    """A comparison of pairs within a group with pairs across two groups.

    Attributes:
        difference: the mean within the first group minus the mean across the groups.
        p_value: the two-sided p-value, at least one over the number of relabellings.
        relabellings: the number of relabellings that were tried, the observed one among them.
    """

    difference: float
    p_value: float
    relabellings: int


@dataclass(frozen=True)
class Explained:
    """The fit of a line that predicts one number of pairs from another.

    Attributes:
        r_squared: the squared correlation, in [0, 1].
        interval: the 95 % percentile interval of the squared correlation, by a bootstrap over networks.
        slope: the slope of the fitted line.
        pairs: the number of pairs that were used.
    """

    r_squared: float
    interval: tuple[float, float]
    slope: float
    pairs: int


def within_against_across(values: Mapping[Pair, float], first: Sequence[str], second: Sequence[str]) -> Permuted | None:
    """Test whether two networks of the first group are more alike than a network of each group.

    The test holds under the null hypothesis that all networks are exchangeable (Good 2005, Permutation, Parametric, and
    Bootstrap Tests of Hypotheses, chapter 3).

    Args:
        values: the number that belongs to each pair of networks of both groups together; a pair may be named either way
            round.
        first: the names of the networks of one group, at least two.
        second: the names of the networks of the other group, at least one.

    Returns:
        None if a group is too small or a value is not finite.

    Raises:
        KeyError: if a pair has no value.
    """
    if len(first) < 2 or not second:
        return None
    names = [*first, *second]
    size = len(names)
    matrix = np.zeros((size, size))
    for i, j in itertools.combinations(range(size), 2):
        pair = (names[i], names[j])
        matrix[i, j] = matrix[j, i] = values[pair] if pair in values else values[pair[1], pair[0]]

    def difference(chosen: Sequence[int]) -> float:
        inside = np.zeros(size, dtype=bool)
        inside[list(chosen)] = True
        within = matrix[np.ix_(inside, inside)].sum() / (inside.sum() * (inside.sum() - 1))
        return float(within - matrix[np.ix_(inside, ~inside)].mean())

    if not np.isfinite(matrix).all():
        return None
    observed = difference(range(len(first)))
    count = math.comb(size, len(first))
    if count <= MOST:
        differences = [difference(chosen) for chosen in itertools.combinations(range(size), len(first))]
    else:
        generator = np.random.default_rng(0)
        drawn = (generator.permutation(size)[: len(first)].tolist() for _ in range(MOST - 1))
        differences = [observed, *(difference(chosen) for chosen in drawn)]
    extreme = np.abs(differences) >= abs(observed) - 1e-12
    return Permuted(observed, float(extreme.mean()), len(differences))


def explained(points: Mapping[Pair, tuple[float, float]], seed: int = 0) -> Explained | None:
    """How well a line predicts the second number of a pair from the first: R squared, with an interval.

    Each resample draws networks with replacement; a pair counts as often as its two networks were drawn together
    (Snijders and Borgatti 1999, Connections 22(2), pages 161 to 170). A network with itself is no pair.

    Args:
        points: the two numbers of each pair of networks, predictor first.
        seed: the seed of the bootstrap's random draws.

    Returns:
        None if there are fewer than three pairs or one of the numbers does not vary.
    """
    x, y = (np.array([point[axis] for point in points.values()]) for axis in (0, 1))
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    names = sorted({name for pair in points for name in pair})
    left, right = (np.array([names.index(pair[side]) for pair in points]) for side in (0, 1))
    generator = np.random.default_rng(seed)
    r_squared = []
    for _ in range(RESAMPLES):
        counts = np.bincount(generator.integers(len(names), size=len(names)), minlength=len(names))
        value = _weighted(x, y, (counts[left] * counts[right]).astype(np.float64))
        if math.isfinite(value):
            r_squared.append(value)
    if not r_squared:
        return None
    low, high = np.quantile(r_squared, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    slope = float(np.polyfit(x, y, 1)[0])
    return Explained(_weighted(x, y, np.ones(len(x))), (float(low), float(high)), slope, len(x))


def _weighted(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The squared weighted correlation, NaN where a number does not vary or fewer than three pairs have weight."""
    if (weights > 0).sum() < 3:
        return math.nan
    a, b = (values - np.average(values, weights=weights) for values in (x, y))
    scale = float(np.average(a * a, weights=weights) * np.average(b * b, weights=weights))
    return float(np.average(a * b, weights=weights) ** 2 / scale) if scale > 0 else math.nan
