"""How unlike a point is to points that are known, in several spaces at once, with a stated rate of false alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEAREST = 5
"""The number of the nearest neighbour whose distance counts (Sun et al. 2022, arXiv 2204.06507, take the k-th too)."""


def neighbour_distances(points: Array, known: Array, nearest: int = NEAREST) -> Array:
    """The distance of each point to its k-th nearest known point, (N,), of vectors scaled to length 1.

    Args:
        points: (N, D), of any lengths but 0.
        known: (M, D), of any lengths but 0.
        nearest: the number k of the neighbour, from 1 on; the farthest where there are fewer known points.
    """
    unit, among = (one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-12) for one in (points, known))
    squared = np.clip(2 - 2 * unit @ among.T, 0, None)  # |u - v|^2 of two vectors of length 1
    place = min(nearest, len(known)) - 1
    return np.sqrt(np.partition(squared, place, axis=1)[:, place])


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution that was fitted to known points.

    Attributes:
        mean: the mean of the points, (D,).
        scale: the standard deviation of each coordinate, (D,), 1 where it is 0.
        whitening: the matrix (D, D) that turns standardized points into ones of unit covariance.
    """

    mean: Array
    scale: Array
    whitening: Array

    def distances(self, points: Array) -> Array:
        """The Mahalanobis distance of points (N, D) to the mean, (N,)."""
        found: Array = np.linalg.norm((points - self.mean) / self.scale @ self.whitening, axis=1)
        return found


def fitted_gaussian(known: Array) -> Gaussian:
    """Fit a normal distribution whose covariance is shrunk towards a multiple of the unit matrix.

    The shrinkage is that of Ledoit and Wolf 2004 ("A well-conditioned estimator for large-dimensional covariance
    matrices", equations 14 to 20), after each coordinate is standardized.

    Args:
        known: (M, D), M from 2 on.
    """
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    values = (known - mean) / scale
    count, width = values.shape
    covariance = values.T @ values / count
    level = np.trace(covariance) / width
    apart = np.sum((covariance - level * np.eye(width)) ** 2) / width
    noise = (np.sum(np.sum(values**2, axis=1) ** 2) / count - np.sum(covariance**2)) / (count * width)
    share = min(max(noise, 0.0) / apart, 1.0) if apart > 0 else 1.0
    shrunk = (1 - share) * covariance + share * level * np.eye(width)
    eigenvalues, vectors = np.linalg.eigh(shrunk)
    floor = 1e-9 * max(eigenvalues[-1], 1e-12)
    return Gaussian(mean, scale, vectors / np.sqrt(np.maximum(eigenvalues, floor)))


@dataclass(frozen=True)
class Alarm:
    """A rule that tells which points are unlike, from their distances in several spaces.

    A point's strangeness in a space is how far the logarithm of its distance is above the median of the held-out
    points, in units of their median absolute deviation; the largest of all spaces counts. The limit is the quantile of
    the held-out points' own that a new point of their kind exceeds in at most the stated share of cases (split
    conformal prediction: Vovk et al. 2005; Angelopoulos and Bates 2021, arXiv 2107.07511, section 1). Where there are
    too few held-out points for the share, it is the largest of theirs.

    Attributes:
        centers: the median of the logarithms of the held-out points' distances, by space.
        spreads: the median absolute deviation of these, by space.
        limit: the strangeness above which a point is unlike.
        share: the share of false alarms that the limit was chosen for, in (0, 1).
        count: the number of held-out points.
    """

    centers: Mapping[str, float]
    spreads: Mapping[str, float]
    limit: float
    share: float
    count: int

    def strangeness(self, distances: Mapping[str, Array]) -> dict[str, Array]:
        """The strangeness of points in each space, (N,), from their distances (N,) by space."""
        return {
            space: (np.log(np.maximum(distances[space], 1e-12)) - center) / self.spreads[space]
            for space, center in self.centers.items()
        }

    def unlike(self, distances: Mapping[str, Array]) -> NDArray[np.bool_]:
        """Whether points are unlike, (N,), from their distances (N,) by space."""
        largest: Array = np.max(list(self.strangeness(distances).values()), axis=0)
        return largest > self.limit


def fitted_alarm(held_out: Mapping[str, Array], share: float) -> Alarm:
    """The rule that raises a false alarm in at most a given share of points that are like the held-out ones.

    Args:
        held_out: the distances (N,) by space of points of the same kind that the distances were not fitted to.
        share: the share of false alarms, in (0, 1).

    Raises:
        ValueError: if there are no held-out points, or the share is not in (0, 1).
    """
    count = len(next(iter(held_out.values())))
    if not count or not 0 < share < 1:
        raise ValueError(f"expected at least one point and a share in (0, 1), found {count} and {share}")
    logs = {space: np.log(np.maximum(values, 1e-12)) for space, values in held_out.items()}
    centers = {space: float(np.median(values)) for space, values in logs.items()}
    spreads = {space: max(float(np.median(np.abs(values - centers[space]))), 1e-6) for space, values in logs.items()}
    unlimited = Alarm(centers, spreads, np.inf, share, count)
    own = np.sort(np.max(list(unlimited.strangeness(held_out).values()), axis=0))
    place = min(int(np.ceil((count + 1) * (1 - share))), count)
    return Alarm(centers, spreads, float(own[place - 1]), share, count)


def false_alarms(held_out: Mapping[str, Array], share: float) -> float:
    """The share of false alarms among held-out points, each judged by a rule that the other half of them gave.

    Args:
        held_out: the distances (N,) by space, N from 2 on.
        share: the share of false alarms that the rule is made for.
    """
    count = len(next(iter(held_out.values())))
    drawn = np.random.default_rng(0).permutation(count)  # points may come in an order that tells their kind
    raised = 0
    for own, others in ((drawn[::2], drawn[1::2]), (drawn[1::2], drawn[::2])):
        fitted = fitted_alarm({space: values[own] for space, values in held_out.items()}, share)
        raised += int(fitted.unlike({space: values[others] for space, values in held_out.items()}).sum())
    return raised / count
