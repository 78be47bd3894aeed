"""Similarity of two layers' representations of the same samples: CCA, SVCCA, PWCCA and linear CKA.

Rows are samples, columns are neurons or channels. CCA and its kin do not change under invertible affine maps of either
layer, CKA under rotations and a common scale. All of them rise with the number of columns over the number of samples
even for unrelated layers, so that each result carries a floor: what independent data of the same shape would show.
"""

# Long file: the coefficients share the same decompositions, each in an exact and a fast form.

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.moments import Moments

Matrix = NDArray[np.float64]

RANK_TOLERANCE = 10.0
"""A direction whose variance is less than this times columns x machine epsilon x the largest is rounding, not data."""

WELL_CONDITIONED = 1e-6
"""The inverse condition number of a correlation matrix above which canonical correlations keep ten digits."""


@dataclass(frozen=True)
class Cca:
    """Canonical correlations of two layers.

    Attributes:
        coefficients: the canonical correlations in [0, 1], falling; as many as the smaller rank.
        ranks: the number of directions of each layer that vary and were used.
        samples: the number of samples that both layers saw.
        floor: the mean coefficient of independent data with these ranks and this number of samples.
    """

    coefficients: Matrix
    ranks: tuple[int, int]
    samples: int
    floor: float

    @property
    def mean(self) -> float:
        """The plain mean over all coefficients; NaN if a layer does not vary at all."""
        return float(self.coefficients.mean()) if len(self.coefficients) else math.nan


@dataclass(frozen=True)
class Similarity:
    """A similarity of two layers as a single number.

    Attributes:
        value: the similarity, at most 1; NaN if a layer does not vary at all.
        floor: the mean of this similarity over independent layers like these.
        samples: the number of samples that both layers saw.
    """

    value: float
    floor: float
    samples: int


def cca(x: ArrayLike, y: ArrayLike) -> Cca:
    """Canonical correlations (Hotelling 1936; Raghu et al. 2017, https://arxiv.org/abs/1706.05806).

    Args:
        x: the first layer's values (n, p), with samples as rows.
        y: the second layer's values (n, q), for the same samples.

    Raises:
        ValueError: if the numbers of samples differ, a value is not finite, or the samples are so few that one layer
            spans all n - 1 directions of centered samples: every other layer then correlates with it perfectly.
    """
    a, b = centered(x), centered(y)
    _check_same(a, b)
    divisor = len(a) - 1
    left, right = (_factor(values.T @ values / divisor) for values in (a, b))
    if left is not None and right is not None:
        from scipy.linalg import solve_triangular

        half = solve_triangular(left, a.T @ b / divisor, lower=True)
        return result(solve_triangular(right, half.T, lower=True).T, len(a))
    first, second = whitened(a), whitened(b)
    return result(first.T @ second / divisor, len(a))


def cca_of(moments: Moments, a: str, b: str) -> Cca:
    """Canonical correlations from sums over batches, in one pass; errors grow with the squared condition number.

    Raises:
        ValueError: as ``cca``.
    """
    left, right = (_whitener(moments.covariance(name, name)) for name in (a, b))
    return result(left.T @ moments.covariance(a, b) @ right, moments.samples)


def svcca(x: ArrayLike, y: ArrayLike, variance: float = 0.99) -> Cca:
    """CCA of those principal directions of each layer that hold a given share of its variance.

    Source: Raghu et al. 2017, section 2, https://arxiv.org/abs/1706.05806.

    Args:
        x: the first layer's values (n, p), with samples as rows.
        y: the second layer's values (n, q), for the same samples.
        variance: the share of the variance that is kept, in (0, 1].

    Raises:
        ValueError: as ``cca``, or if the share is not in (0, 1].
    """
    left, right = _both(x, y, variance)
    return result(left.T @ right / (len(left) - 1), len(left))


def svcca_of(moments: Moments, a: str, b: str, variance: float = 0.99) -> Cca:
    """``svcca`` from sums over batches."""
    left, right = (_principal(moments.covariance(name, name), variance) for name in (a, b))
    return result(left.T @ moments.covariance(a, b) @ right, moments.samples)


def pwcca(x: ArrayLike, y: ArrayLike) -> Similarity:
    """Projection-weighted CCA: coefficients weighted by how much of the first layer their directions account for.

    Source: Morcos, Raghu and Bengio 2018, section 3, https://arxiv.org/abs/1806.05759. It is not symmetric.

    Args:
        x: the values (n, p) of the first layer, whose directions give the weights.
        y: the second layer's values (n, q), for the same samples.

    Returns:
        A similarity in [0, 1]. Its floor is that of CCA: in independent layers, weights and coefficients are unrelated.

    Raises:
        ValueError: as ``cca``.
    """
    left, right = _both(x, y, None)
    _check_samples(left.shape[1], right.shape[1], len(left))
    floor = independent_floor(left.shape[1], right.shape[1], len(left))
    if not left.shape[1] or not right.shape[1]:
        return Similarity(math.nan, floor, len(left))
    directions, coefficients, _ = np.linalg.svd(left.T @ right / (len(left) - 1), full_matrices=False)
    variates = left @ directions
    weights = np.abs(variates.T @ centered(x)).sum(axis=1)
    return Similarity(float(np.clip(weights @ coefficients / weights.sum(), 0, 1)), floor, len(left))


def linear_cka(x: ArrayLike, y: ArrayLike, debiased: bool = False) -> Similarity:
    """Centered kernel alignment with linear kernels (Kornblith et al. 2019, https://arxiv.org/abs/1905.00414).

    Args:
        x: the first layer's values (n, p), with samples as rows.
        y: the second layer's values (n, q), for the same samples.
        debiased: whether to use the unbiased estimate of Song et al. 2012. It is about 0 for independent data of any
            shape, and then below 0 as often as above.

    Returns:
        A similarity of at most 1. Its floor is the mean over all ways to pair the samples: with centered Gram matrices
        K and L it is ``tr K tr L / ((n - 1) |K| |L|)`` in Frobenius norms, since each entry of a randomly permuted L is
        on average ``tr L / n`` on the diagonal and ``-tr L / (n (n - 1))`` off it; for the unbiased estimate it is 0.

    Raises:
        ValueError: if the numbers of samples differ, a value is not finite, or the samples are too few.
    """
    moments = Moments()
    moments.update({"x": x, "y": y}, [("x", "y")])
    return linear_cka_of(moments, "x", "y", debiased)


def linear_cka_of(moments: Moments, a: str, b: str, debiased: bool = False) -> Similarity:
    """Linear CKA from sums over batches: the same value as ``linear_cka`` of all samples at once."""
    if debiased:
        between, *own = (moments.unbiased_hsic(*pair) for pair in ((a, b), (a, a), (b, b)))
    else:
        between, *own = (float((moments.covariance(*pair) ** 2).sum()) for pair in ((a, b), (a, a), (b, b)))
    scale = math.sqrt(max(own[0] * own[1], 0.0))
    if scale == 0:
        return Similarity(math.nan, math.nan, moments.samples)
    floor = 0.0
    if not debiased:
        spreads = [float(np.trace(moments.covariance(name, name))) for name in (a, b)]
        floor = spreads[0] * spreads[1] / ((moments.samples - 1) * scale)
    return Similarity(float(np.clip(between / scale, -1, 1)), floor, moments.samples)


@cache
def independent_floor(p: int, q: int, n: int) -> float:
    """The mean canonical correlation of independent Gaussian layers.

    For many directions it is the mean of the square root under the limiting distribution of squared canonical
    correlations (Wachter 1980, https://doi.org/10.1214/aos/1176345134). For fewer than 16 it is the mean over draws,
    with a fixed seed, from their exact distribution: the eigenvalues of a beta matrix (Muirhead 1982, theorem 3.3.1).

    Args:
        p: the number of directions of one layer.
        q: the number of directions of the other layer.
        n: the number of samples; centering takes one of them.

    Returns:
        In [0, 1]; 1 if one layer has as many directions as centered samples have, NaN without directions.
    """
    small, large, freedom = min(p, q), max(p, q), n - 1
    if small == 0:
        return math.nan
    if large >= freedom:
        return 1.0
    if small + large > freedom:
        # The layers share ``met`` directions; the other angles are those between the complements of both layers.
        met, rest = small + large - freedom, freedom - large
        return (met + rest * independent_floor(rest, freedom - small, n)) / small
    if small < 16:
        generator = np.random.default_rng(0)
        means = []
        for _ in range(400):
            a, b = _wishart(generator, small, large), _wishart(generator, small, freedom - large)
            inverse = np.linalg.inv(np.linalg.cholesky(a + b))
            values = np.linalg.eigvalsh(inverse @ a @ inverse.T)
            means.append(np.sqrt(np.clip(values, 0, 1)).mean())
        return float(np.mean(means))
    c, d = small / freedom, large / freedom
    middle, half = c + d - 2 * c * d, 2 * math.sqrt(c * d * (1 - c) * (1 - d))
    # With x = middle + half cos(t) the square root at both ends of the distribution becomes smooth.
    angle = (np.arange(2000) + 0.5) * math.pi / 2000
    x = middle + half * np.cos(angle)
    density = (half * np.sin(angle)) ** 2 / (2 * math.pi * c * x * (1 - x)) * math.pi / 2000
    return float((np.sqrt(x) * density).sum() / density.sum())


def _wishart(generator: np.random.Generator, size: int, freedom: int) -> Matrix:
    """A random Wishart matrix, drawn by Bartlett's decomposition."""
    lower = np.tril(generator.normal(size=(size, size)), -1)
    lower[np.diag_indices(size)] = np.sqrt(generator.chisquare(freedom - np.arange(size)))
    return np.asarray(lower @ lower.T)


def centered(values: ArrayLike) -> Matrix:
    """The values with each column's mean subtracted, in float64, (n, p).

    Raises:
        ValueError: if a value is not finite, there are fewer than two samples, or the array is not two-dimensional.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers (samples, columns) of two samples or more, found {array.shape}")
    once = array - array.mean(axis=0)
    return np.asarray(once - once.mean(axis=0))  # the mean that rounding leaves where the offset was large


def whitened(x: ArrayLike, variance: float | None = None, refine: bool = True) -> Matrix:
    """A whitened layer: uncorrelated columns of mean 0 and variance 1 that span it, (n, rank).

    With ``refine`` the whitened columns are whitened once more, so that the error grows with the condition number of
    the layer and not with its square.

    Args:
        x: the layer's values (n, p), with samples as rows.
        variance: the share of the variance whose principal directions are kept; None: all that vary.
        refine: whether to whiten twice, at twice the time.

    Raises:
        ValueError: if a value is not finite, there are fewer than two samples, or the share is not in (0, 1].
    """
    values = centered(x)
    divisor = len(values) - 1
    covariance = values.T @ values / divisor
    first = values @ (_whitener(covariance) if variance is None else _principal(covariance, variance))
    if not first.shape[1] or not refine:
        return first
    lower = np.linalg.cholesky(first.T @ first / divisor)  # of what is nearly the identity
    return np.asarray(first @ np.linalg.inv(lower).T)


def _both(x: ArrayLike, y: ArrayLike, variance: float | None) -> tuple[Matrix, Matrix]:
    left, right = whitened(x, variance), whitened(y, variance)
    _check_same(left, right)
    return left, right


def _check_same(a: Matrix, b: Matrix) -> None:
    if len(a) != len(b):
        raise ValueError(f"both layers must have seen the same samples, found {len(a)} and {len(b)}")


def _factor(covariance: Matrix) -> Matrix | None:
    """The lower Cholesky factor of a covariance; None if it is too ill-conditioned for that to be precise."""
    from scipy.linalg import lapack

    scale = np.sqrt(np.diag(covariance))
    if not (scale > np.finfo(np.float64).tiny).all():
        return None
    correlation = covariance / np.outer(scale, scale)
    lower, fault = lapack.dpotrf(correlation, lower=1)
    if fault:
        return None
    inverse_condition, _ = lapack.dpocon(lower, np.abs(correlation).sum(axis=0).max(), uplo="L")
    return np.asarray(scale[:, None] * np.tril(lower)) if inverse_condition > WELL_CONDITIONED else None


def _whitener(covariance: Matrix) -> Matrix:
    """The matrix (p, rank) that maps centered columns to uncorrelated ones of variance 1.

    Columns are brought to variance 1 first, so that the rank does not depend on their scales.
    """
    scale = np.sqrt(np.diag(covariance))
    alive = scale > np.finfo(np.float64).tiny
    if not alive.any():
        return np.zeros((len(scale), 0))
    correlation = covariance[np.ix_(alive, alive)] / np.outer(scale[alive], scale[alive])
    values, vectors = np.linalg.eigh(correlation)
    kept = values > RANK_TOLERANCE * len(values) * np.finfo(np.float64).eps * values[-1]
    whitener = np.zeros((len(scale), int(kept.sum())))
    whitener[alive] = vectors[:, kept] / np.sqrt(values[kept]) / scale[alive][:, None]
    return whitener


def _principal(covariance: Matrix, variance: float) -> Matrix:
    """The matrix (p, k) that maps centered columns to the whitened directions that hold a share of the variance."""
    if not 0 < variance <= 1:
        raise ValueError(f"expected a share of the variance in (0, 1], found {variance}")
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > RANK_TOLERANCE * len(values) * np.finfo(np.float64).eps * max(values[0], 0.0)
    values, vectors = values[kept], vectors[:, kept]
    if len(values) and variance < 1:
        held = np.cumsum(values) / values.sum()
        values, vectors = (array[..., : int(np.searchsorted(held, variance)) + 1] for array in (values, vectors))
    return np.asarray(vectors / np.sqrt(values))


def _check_samples(p: int, q: int, n: int) -> None:
    if max(p, q) >= n - 1 and min(p, q):
        raise ValueError(
            f"{n} samples for layers of {p} and {q} directions: with so few, any two layers correlate perfectly. Give "
            f"more than {max(p, q) + 1} samples, better ten for each direction, or compare fewer channels."
        )


def result(cross: NDArray[Any], samples: int) -> Cca:
    """The canonical correlations of whitened layers.

    Args:
        cross: the covariance (p, q) of the two whitened layers, in any precision.
        samples: the number of samples that both layers saw.

    Raises:
        ValueError: if the samples are too few for so many directions.
    """
    p, q = cross.shape
    _check_samples(p, q, samples)
    values = cross.astype(np.float64) if p <= q else cross.T.astype(np.float64)
    # Eigenvalues of the product instead of singular values take a third of the time; only coefficients below 1e-8 lose
    # precision.
    squares = np.linalg.eigvalsh(values @ values.T)[::-1] if min(p, q) else np.zeros(0)
    return Cca(np.sqrt(np.clip(squares, 0, 1)), (p, q), samples, independent_floor(p, q, samples))
