"""Statistics of numbers that belong to pairs of networks.

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
"""Names of two networks."""

MOST = 10_000
"""Relabellings that are tried; where there are fewer, all are, and the test is exact."""

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Permuted:
    """A comparison of pairs within a group with pairs across two groups.

    Attributes:
        difference: mean within the first group minus mean across.
        p_value: two-sided; at least one over the number of relabellings.
        relabellings: that were tried.
    """

    difference: float
    p_value: float
    relabellings: int


@dataclass(frozen=True)
class Explained:
    """How well a line predicts one number of pairs from another.

    Attributes:
        r_squared: the squared correlation.
        interval: of it, 95 % percentile bootstrap over networks.
        slope: of the line.
        pairs: that were used.
    """

    r_squared: float
    interval: tuple[float, float]
    slope: float
    pairs: int


def within_against_across(values: Mapping[Pair, float], first: Sequence[str], second: Sequence[str]) -> Permuted | None:
    """Whether two networks of the first group are more alike than one of each group.

    The test holds under the null hypothesis that all networks are exchangeable (Good 2005, Permutation, Parametric, and
    Bootstrap Tests of Hypotheses, chapter 3).

    Args:
        values: of every pair of networks of both groups together, either way round.
        first: names of the networks of one group, at least two.
        second: of the other.

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
        found = [difference(chosen) for chosen in itertools.combinations(range(size), len(first))]
    else:
        generator = np.random.default_rng(0)
        drawn = (generator.permutation(size)[: len(first)].tolist() for _ in range(MOST - 1))
        found = [observed, *(difference(chosen) for chosen in drawn)]
    extreme = np.abs(found) >= abs(observed) - 1e-12
    return Permuted(observed, float(extreme.mean()), len(found))


def explained(points: Mapping[Pair, tuple[float, float]], seed: int = 0) -> Explained | None:
    """R squared of the second number on the first, with an interval.

    Each resample draws networks with replacement; a pair counts as often as its two networks were drawn together
    (Snijders and Borgatti 1999, Connections 22(2), pages 161 to 170; a network with itself is no pair).

    Args:
        points: the two numbers of each pair.
        seed: of the resamples.

    Returns:
        None if there are fewer than three pairs or one of the numbers does not vary.
    """
    x, y = (np.array([point[axis] for point in points.values()]) for axis in (0, 1))
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    names = sorted({name for pair in points for name in pair})
    left, right = (np.array([names.index(pair[side]) for pair in points]) for side in (0, 1))
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        counts = np.bincount(generator.integers(len(names), size=len(names)), minlength=len(names))
        value = _weighted(x, y, (counts[left] * counts[right]).astype(np.float64))
        if math.isfinite(value):
            found.append(value)
    if not found:
        return None
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    slope = float(np.polyfit(x, y, 1)[0])
    return Explained(_weighted(x, y, np.ones(len(x))), (float(low), float(high)), slope, len(x))


def _weighted(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The squared weighted correlation, NaN where a number does not vary or fewer than three pairs have weight."""
    if (weights > 0).sum() < 3:
        return math.nan
    a, b = (values - np.average(values, weights=weights) for values in (x, y))
    scale = float(np.average(a * a, weights=weights) * np.average(b * b, weights=weights))
    return float(np.average(a * b, weights=weights) ** 2 / scale) if scale > 0 else math.nan
