"""Linear CKA of every pair of many layers, from all samples at once or as a mean over minibatches.

Each layer is centered once. A pair then costs one matrix product: of columns by columns where there are more samples
than columns, of the layers' Gram matrices (samples by samples) otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.similarity import centered

Matrix = NDArray[np.float64]

ROWS = 8192
"""The number of samples whose products are summed in the layers' own precision; longer sums are in float64."""

STRIP = 128
"""The number of rows of the Gram matrices that are in memory at a time."""


def cka_of_every_pair(layers: Sequence[ArrayLike], debiased: bool = False) -> Matrix:
    """Linear CKA of every pair of layers, in single precision (errors of some 1e-6).

    To compare two networks, pass the layers of both and take the block of the result that compares them.

    Args:
        layers: one array (n, columns) per layer, all of the same n samples in the same order.
        debiased: whether to use the unbiased estimate, as in ``linear_cka``.

    Returns:
        (layers, layers), symmetric, in [-1, 1]; NaN in the rows and columns of layers that do not vary at all.

    Raises:
        ValueError: if the numbers of samples differ, a value is not finite, or the samples are too few.
    """
    shapes = [np.shape(layer) for layer in layers]
    # With so few samples the correction of the bias is many times what is left, so that double precision is needed.
    exact = any(len(shape) == 2 and shape[0] ** 2 < shape[1] for shape in shapes)
    return _ratio(_hsic([(centered if exact else _single)(layer) for layer in layers], debiased))


@dataclass
class MinibatchCka:
    """Linear CKA of every pair of layers, with numerator and denominators averaged over minibatches.

    Source: Nguyen, Raghu and Kornblith 2021, section 2, https://arxiv.org/abs/2010.15327: each minibatch gives the
    unbiased estimate of Song et al. 2012. Memory depends neither on the number of samples nor, where a batch has fewer
    samples than a layer has columns, on the columns squared: layers of a hundred thousand columns are possible. Prefer
    ``linear_cka_of(moments, a, b, debiased=True)`` where matrices of columns by columns fit into memory: it gives the
    value of all samples at once, uses pairs of samples from different batches too, and does not depend on how samples
    were batched.

    Attributes:
        batches: the number of minibatches seen so far; each has the same weight.
        names: the names of the layers, in the order of the first batch.
    """

    batches: int = 0
    names: tuple[str, ...] = ()
    _sums: Matrix = field(default_factory=lambda: np.zeros((0, 0)))

    def update(self, batch: Mapping[str, ArrayLike]) -> None:
        """Add a minibatch to the sums.

        Args:
            batch: the values of each layer by its name, (n, columns), with n of 4 or more. Draw batches at random: if
                the samples are ordered (one class after the other), the mean within batches describes other differences
                than those of the whole.

        Raises:
            ValueError: as ``cka_of_every_pair``, or if the layers are not those of the first batch.
        """
        names = tuple(batch)
        if self.batches and names != self.names:
            raise ValueError(f"expected the layers of the first batch, {list(self.names)}, found {list(names)}")
        criteria = _hsic([centered(values) for values in batch.values()], debiased=True)
        self.names, self._sums = names, self._sums + criteria if self.batches else criteria
        self.batches += 1

    def values(self) -> Matrix:
        """The CKA of every pair of layers, (layers, layers) in the order of ``names``; NaN where a layer does not vary.

        Raises:
            ValueError: if no batch was seen.
        """
        if not self.batches:
            raise ValueError("no minibatch was seen: call update with at least one")
        return _ratio(self._sums / self.batches)


def _single(layer: ArrayLike) -> NDArray[np.float32]:
    """Centered columns in single precision, scaled to values up to 1, since CKA does not depend on a layer's scale.

    Values that are in single precision already are centered in it: the first sample is subtracted before the mean, so
    that a large common offset costs no precision.
    """
    array = np.asarray(layer)
    if array.dtype == np.float32 and array.ndim == 2 and len(array) > 1 and np.isfinite(array).all():
        values: NDArray[Any] = array - array[0]
        values -= values.mean(axis=0)
    else:
        values = centered(array)
    largest = max(values.max(initial=0), -values.min(initial=0))
    if largest > 0:
        values /= largest
    return values.astype(np.float32, copy=False)


def _hsic(layers: Sequence[NDArray[Any]], debiased: bool) -> Matrix:
    """The Hilbert-Schmidt independence criterion of every pair of layers, with linear kernels, (layers, layers).

    Source: Gretton et al. 2005, definition 2, https://doi.org/10.1007/11564089_7; debiased, Song et al. 2012,
    equation 4, https://jmlr.org/papers/v13/song12a.html.

    Args:
        layers: one array (n, columns) per layer; every column has mean 0.
        debiased: whether to compute the unbiased estimate.

    Raises:
        ValueError: if there is no layer, the numbers of samples differ, or the samples are too few.
    """
    counts = {len(values) for values in layers}
    if len(counts) != 1:
        raise ValueError(f"expected layers that have seen the same samples, found {sorted(counts)} of them")
    n = counts.pop()
    if debiased and n < 4:
        raise ValueError(f"the unbiased estimate needs four samples, found {n}")
    widths = np.array([values.shape[1] for values in layers])
    by_columns = n * float(sum(widths[at] * widths[at:].sum() for at in range(len(widths))))
    by_samples = n * n / 2 * float(widths.sum() + len(widths) ** 2)
    # The Gram matrices' diagonals, and the sums of their products for every pair of layers.
    lengths = np.stack([np.einsum("ij,ij->i", values, values) for values in layers]).astype(np.float64)
    diagonals = lengths @ lengths.T
    products = _products_of_columns(layers) if by_columns < by_samples else _products_of_grams(layers) + diagonals
    if not debiased:
        return products / (n - 1) ** 2
    # Rows of the Gram matrix of centered columns sum to 0, so that without its diagonal they sum to minus the diagonal.
    totals = lengths.sum(axis=1)
    rest = np.outer(totals, totals) / ((n - 1) * (n - 2)) - 2 / (n - 2) * diagonals
    return np.asarray((products - diagonals + rest) / (n * (n - 3)))


def _products_of_columns(layers: Sequence[NDArray[Any]]) -> Matrix:
    """The sum of the squared entries of X'Y for every pair of layers X and Y, (layers, layers).

    It equals the sum of the entrywise product of XX' and YY'.
    """
    products = np.zeros((len(layers), len(layers)))
    for (a, x), (b, y) in combinations_with_replacement(enumerate(layers), 2):
        cross = sum((x[row : row + ROWS].T @ y[row : row + ROWS]).astype(np.float64) for row in range(0, len(x), ROWS))
        products[a, b] = products[b, a] = np.square(cross).sum()
    return products


def _products_of_grams(layers: Sequence[NDArray[Any]]) -> Matrix:
    """The sum of the entrywise product of XX' and YY' without their diagonals, for every pair of layers X and Y.

    Only a few rows of the Gram matrices are in memory at a time.
    """
    n, products = len(layers[0]), np.zeros((len(layers), len(layers)))
    for row in range(0, n, STRIP):
        rows = min(STRIP, n - row)
        strips = np.empty((len(layers), rows, n - row), layers[0].dtype)
        for values, strip in zip(layers, strips, strict=True):
            np.matmul(values[row : row + rows], values[row:].T, out=strip)
        strips[:, :, :rows] *= np.triu(np.ones((rows, rows), strips.dtype), 1)  # the triangle above is enough
        flat = strips.reshape(len(layers), -1)
        products += 2 * (flat @ flat.T)
    return products


def _ratio(criteria: Matrix) -> Matrix:
    """CKA: the criterion of a pair over the geometric mean of both layers' own; NaN where one is not positive."""
    own = np.diag(criteria)
    scale = np.where(own > 0, own, np.nan)
    return np.asarray(np.clip(criteria / np.sqrt(np.outer(scale, scale)), -1, 1))
