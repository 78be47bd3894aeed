"""Linear CKA of every pair of many layers, of all samples at once or as a mean over minibatches.

Each layer is centered once. A pair then costs one product: of columns by columns where samples are many, of the layers'
Gram matrices, samples by samples, where columns are.
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
"""Samples whose products are summed in the layers' own precision; sums over more are in float64."""

STRIP = 128
"""Rows of the Gram matrices that are in memory at a time."""


def cka_of_every_pair(layers: Sequence[ArrayLike], debiased: bool = False) -> Matrix:
    """Linear CKA of each layer with each, in single precision (errors of some 1e-6).

    For two networks give the layers of both and take the block that compares them.

    Args:
        layers: each (n, columns), of the same samples.
        debiased: as in ``linear_cka``.

    Returns:
        (layers, layers), symmetric, in [-1, 1]; NaN in the rows and columns of layers that do not vary at all.

    Raises:
        ValueError: if the numbers of samples differ, a value is not finite, or the samples are too few.
    """
    shapes = [np.shape(layer) for layer in layers]
    # Of samples so few, what is taken off for the bias is many times what is left.
    exact = any(len(shape) == 2 and shape[0] ** 2 < shape[1] for shape in shapes)
    return _ratio(_hsic([(centered if exact else _single)(layer) for layer in layers], debiased))


@dataclass
class MinibatchCka:
    """CKA of every pair of layers whose numerator and denominators are means over minibatches.

    Source: Nguyen, Raghu and Kornblith 2021, section 2, https://arxiv.org/abs/2010.15327: of each minibatch the
    unbiased estimate of Song et al. 2012. Memory depends neither on the number of samples nor, where a batch has fewer
    samples than a layer has columns, on the columns squared: it serves layers of a hundred thousand columns. Prefer
    ``linear_cka_of(moments, a, b, debiased=True)`` where matrices of columns by columns fit: it is the value of all
    samples at once, uses pairs of samples from different batches too, and does not depend on how samples were batched.

    Attributes:
        batches: that were seen, each of the same weight.
        names: of the layers, in the order of the first batch.
    """

    batches: int = 0
    names: tuple[str, ...] = ()
    _sums: Matrix = field(default_factory=lambda: np.zeros((0, 0)))

    def update(self, batch: Mapping[str, ArrayLike]) -> None:
        """Take in a batch.

        Args:
            batch: by layer, (n, columns), n of 4 or more. Draw batches at random: of ordered samples (one class after
                the other) the mean within batches is about other differences than those of the whole.

        Raises:
            ValueError: as ``cka_of_every_pair``, or if the layers are not those of the first batch.
        """
        names = tuple(batch)
        if self.batches and names != self.names:
            raise ValueError(f"expected the layers of the first batch, {list(self.names)}, found {list(names)}")
        found = _hsic([centered(values) for values in batch.values()], debiased=True)
        self.names, self._sums = names, self._sums + found if self.batches else found
        self.batches += 1

    def values(self) -> Matrix:
        """Of each layer with each, (layers, layers) in the order of ``names``; NaN where a layer does not vary.

        Raises:
            ValueError: if no batch was seen.
        """
        if not self.batches:
            raise ValueError("no minibatch was seen: call update with at least one")
        return _ratio(self._sums / self.batches)


def _single(layer: ArrayLike) -> NDArray[np.float32]:
    """Centered columns in single precision, of values up to 1: a layer's scale changes no alignment.

    What is single already is centered in it: by the first sample, so that a large offset costs nothing, and the mean.
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
    """The Hilbert-Schmidt independence criterion of each layer with each, with linear kernels, (layers, layers).

    Source: Gretton et al. 2005, definition 2, https://doi.org/10.1007/11564089_7; debiased, Song et al. 2012,
    equation 4, https://jmlr.org/papers/v13/song12a.html.

    Args:
        layers: each (n, columns), of mean 0 in every column.
        debiased: whether to take the unbiased estimate.

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
    # Of the Gram matrices' diagonals.
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
    """Sums of the squares of X'Y, which are those of the entrywise products of XX' and YY', (layers, layers)."""
    found = np.zeros((len(layers), len(layers)))
    for (a, x), (b, y) in combinations_with_replacement(enumerate(layers), 2):
        cross = sum((x[row : row + ROWS].T @ y[row : row + ROWS]).astype(np.float64) for row in range(0, len(x), ROWS))
        found[a, b] = found[b, a] = np.square(cross).sum()
    return found


def _products_of_grams(layers: Sequence[NDArray[Any]]) -> Matrix:
    """Sums of the entrywise products of XX' and YY' without their diagonals, from a few rows of them at a time."""
    n, found = len(layers[0]), np.zeros((len(layers), len(layers)))
    for row in range(0, n, STRIP):
        rows = min(STRIP, n - row)
        strips = np.empty((len(layers), rows, n - row), layers[0].dtype)
        for values, strip in zip(layers, strips, strict=True):
            np.matmul(values[row : row + rows], values[row:].T, out=strip)
        strips[:, :, :rows] *= np.triu(np.ones((rows, rows), strips.dtype), 1)  # the triangle above is enough
        flat = strips.reshape(len(layers), -1)
        found += 2 * (flat @ flat.T)
    return found


def _ratio(criteria: Matrix) -> Matrix:
    own = np.diag(criteria)
    scale = np.where(own > 0, own, np.nan)
    return np.asarray(np.clip(criteria / np.sqrt(np.outer(scale, scale)), -1, 1))
