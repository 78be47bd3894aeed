"""How alike two layers represent the same samples: CCA, SVCCA, PWCCA and linear CKA.

Rows are samples, columns are neurons or channels. CCA and its kin do not change under invertible affine maps of either
layer, CKA under rotations and a common scale. All of them rise with the number of columns over the number of samples
even for unrelated layers, so each result of CCA carries the floor that independent data of its shape would show.
"""

# Long file: the three coefficients are made of the same decompositions, each in an exact and a fast form.

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
"""Directions below this many times columns x machine epsilon of the largest variance are rounding, not data."""

WELL_CONDITIONED = 1e-6
"""Inverse condition number of a correlation matrix above which canonical correlations keep ten digits."""


@dataclass(frozen=True)
class Cca:
    """Canonical correlations of two layers.

    Attributes:
        coefficients: in [0, 1], falling; as many as the smaller rank.
        ranks: directions of each layer that vary, and were used.
        samples: that both saw.
        floor: mean coefficient that independent data of these ranks and samples have.
    """

    coefficients: Matrix
    ranks: tuple[int, int]
    samples: int
    floor: float

    @property
    def mean(self) -> float:
        """Plain mean over all coefficients; NaN if a layer does not vary at all."""
        return float(self.coefficients.mean()) if len(self.coefficients) else math.nan


@dataclass(frozen=True)
class Similarity:
    """A similarity of two layers that is one number.

    Attributes:
        value: NaN if a layer does not vary at all.
        floor: its mean over independent layers like these.
        samples: that both saw.
    """

    value: float
    floor: float
    samples: int


def cca(x: ArrayLike, y: ArrayLike) -> Cca:
    """Canonical correlations (Hotelling 1936; Raghu et al. 2017, https://arxiv.org/abs/1706.05806).

    Args:
        x: (n, p).
        y: (n, q).

    Raises:
        ValueError: if the numbers of samples differ, a value is not finite, or there are so few samples that one layer
            spans all that centered samples can, n - 1 directions: any other then correlates with it perfectly.
    """
    a, b = centered(x), centered(y)
    _check_same(a, b)
    divisor = len(a) - 1
    left, right = (_factor(values.T @ values / divisor) for values in (a, b))
    if left is not None and right is not None:
        from scipy.linalg import solve_triangular

        half = solve_triangular(left, a.T @ b / divisor, lower=True)
        return result(solve_triangular(right, half.T, lower=True).T, len(a))
    one, other = whitened(a), whitened(b)
    return result(one.T @ other / divisor, len(a))


def cca_of(moments: Moments, a: str, b: str) -> Cca:
    """Canonical correlations from sums over batches; one pass, so the error grows with the squared condition number.

    Raises:
        ValueError: as ``cca``.
    """
    left, right = (_whitener(moments.covariance(name, name)) for name in (a, b))
    return result(left.T @ moments.covariance(a, b) @ right, moments.samples)


def svcca(x: ArrayLike, y: ArrayLike, variance: float = 0.99) -> Cca:
    """CCA of the principal directions that hold a share of each layer's variance.

    Source: Raghu et al. 2017, section 2, https://arxiv.org/abs/1706.05806.

    Args:
        x: (n, p).
        y: (n, q).
        variance: share that is kept, in (0, 1].

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
        x: (n, p), whose directions weigh.
        y: (n, q).

    Returns:
        In [0, 1]. The floor is that of CCA: directions of independent layers have nothing to do with coefficients.

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
        x: (n, p).
        y: (n, q).
        debiased: with the unbiased estimate of Song et al. 2012, about 0 for independent data of any shape, and then
            below 0 as often as above.

    Returns:
        At most 1. The floor is the mean over all ways to pair the samples: with centered Gram matrices K and L it is
        tr K tr L / ((n - 1) |K| |L|) in Frobenius norms, since each entry of a randomly permuted L is on average
        tr L / n on the diagonal and -tr L / (n (n - 1)) beside it; debiased, 0.

    Raises:
        ValueError: if the numbers of samples differ, a value is not finite, or the samples are too few.
    """
    moments = Moments()
    moments.update({"x": x, "y": y}, [("x", "y")])
    return linear_cka_of(moments, "x", "y", debiased)


def linear_cka_of(moments: Moments, a: str, b: str, debiased: bool = False) -> Similarity:
    """``linear_cka`` from sums over batches: the same value as of all samples at once."""
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

    Of many directions it is the mean of the square root under the limiting law of squared canonical correlations
    (Wachter 1980, https://doi.org/10.1214/aos/1176345134); of less than 16, the mean over draws of its exact law, the
    eigenvalues of a beta matrix (Muirhead 1982, theorem 3.3.1), with a fixed seed.

    Args:
        p: directions of one layer.
        q: of the other.
        n: samples; centering takes one of them.

    Returns:
        In [0, 1]; 1 if one layer has as many directions as centered samples have, NaN without directions.
    """
    small, large, freedom = min(p, q), max(p, q), n - 1
    if small == 0:
        return math.nan
    if large >= freedom:
        return 1.0
    if small + large > freedom:
        # The layers meet in so many directions; the other angles are those between what is left out of each.
        met, rest = small + large - freedom, freedom - large
        return (met + rest * independent_floor(rest, freedom - small, n)) / small
    if small < 16:
        generator = np.random.default_rng(0)
        found = []
        for _ in range(400):
            a, b = _wishart(generator, small, large), _wishart(generator, small, freedom - large)
            inverse = np.linalg.inv(np.linalg.cholesky(a + b))
            values = np.linalg.eigvalsh(inverse @ a @ inverse.T)
            found.append(np.sqrt(np.clip(values, 0, 1)).mean())
        return float(np.mean(found))
    c, d = small / freedom, large / freedom
    middle, half = c + d - 2 * c * d, 2 * math.sqrt(c * d * (1 - c) * (1 - d))
    # With x = middle + half cos(t) the square root at both ends of the law becomes smooth.
    angle = (np.arange(2000) + 0.5) * math.pi / 2000
    x = middle + half * np.cos(angle)
    density = (half * np.sin(angle)) ** 2 / (2 * math.pi * c * x * (1 - x)) * math.pi / 2000
    return float((np.sqrt(x) * density).sum() / density.sum())


def _wishart(generator: np.random.Generator, size: int, freedom: int) -> Matrix:
    """A draw of Bartlett's decomposition."""
    lower = np.tril(generator.normal(size=(size, size)), -1)
    lower[np.diag_indices(size)] = np.sqrt(generator.chisquare(freedom - np.arange(size)))
    return np.asarray(lower @ lower.T)


def centered(values: ArrayLike) -> Matrix:
    """Columns of mean 0, in float64, (n, p).

    Raises:
        ValueError: if a value is not finite, there are fewer than two samples, or it is no matrix.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers (samples, columns) of two samples or more, found {array.shape}")
    once = array - array.mean(axis=0)
    return np.asarray(once - once.mean(axis=0))  # what a large offset left over


def whitened(x: ArrayLike, variance: float | None = None, refine: bool = True) -> Matrix:
    """Uncorrelated columns of mean 0 and variance 1 that span a layer, (n, rank).

    Refined, they are whitened twice, the second time from the whitened data, so that the error grows with the condition
    number of the layer and not with the square of it.

    Args:
        x: (n, p).
        variance: share of the variance whose principal directions are kept; None: all that vary.
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
    """The lower Cholesky factor of a covariance that is so well-conditioned that nothing more is needed, else None."""
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
    """Maps centered columns to uncorrelated ones of variance 1, (p, rank).

    Columns are brought to variance 1 first, so that the rank does not depend on their scales.
    """
    scale = np.sqrt(np.diag(covariance))
    alive = scale > np.finfo(np.float64).tiny
    if not alive.any():
        return np.zeros((len(scale), 0))
    correlation = covariance[np.ix_(alive, alive)] / np.outer(scale[alive], scale[alive])
    values, vectors = np.linalg.eigh(correlation)
    kept = values > RANK_TOLERANCE * len(values) * np.finfo(np.float64).eps * values[-1]
    found = np.zeros((len(scale), int(kept.sum())))
    found[alive] = vectors[:, kept] / np.sqrt(values[kept]) / scale[alive][:, None]
    return found


def _principal(covariance: Matrix, variance: float) -> Matrix:
    """Whitens the principal directions that hold a share of the variance, (p, k)."""
    if not 0 < variance <= 1:
        raise ValueError(f"expected a share of the variance in (0, 1], found {variance}")
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > RANK_TOLERANCE * len(values) * np.finfo(np.float64).eps * max(values[0], 0.0)
    values, vectors = values[kept], vectors[:, kept]
    if len(values) and variance < 1:
        held = np.cumsum(values) / values.sum()
        values, vectors = (one[..., : int(np.searchsorted(held, variance)) + 1] for one in (values, vectors))
    return np.asarray(vectors / np.sqrt(values))


def _check_samples(p: int, q: int, n: int) -> None:
    if max(p, q) >= n - 1 and min(p, q):
        raise ValueError(
            f"{n} samples for layers of {p} and {q} directions: at so few every two layers correlate perfectly. Give "
            f"more than {max(p, q) + 1} samples, better ten for each direction, or compare fewer channels."
        )


def result(cross: NDArray[Any], samples: int) -> Cca:
    """The canonical correlations of whitened layers.

    Args:
        cross: their covariance, (p, q), in any precision.
        samples: that both saw.

    Raises:
        ValueError: if the samples are too few for so many directions.
    """
    p, q = cross.shape
    _check_samples(p, q, samples)
    values = cross.astype(np.float64) if p <= q else cross.T.astype(np.float64)
    # Squares of singular values as eigenvalues: a third of the time, and exact but for coefficients below 1e-8.
    squares = np.linalg.eigvalsh(values @ values.T)[::-1] if min(p, q) else np.zeros(0)
    return Cca(np.sqrt(np.clip(squares, 0, 1)), (p, q), samples, independent_floor(p, q, samples))
