"""Means and covariances of the columns of several layers, accumulated over batches.

Memory depends on the numbers of columns, not on the number of samples. Every batch is shifted by the mean of the first
one before it is squared, so that a large common offset costs no precision (Chan, Golub and LeVeque 1983, section 3,
https://doi.org/10.1080/00031305.1983.10483115).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass
class Pair:
    """The sums over samples that are kept for two layers X (n, p) and Y (n, q), both shifted.

    Attributes:
        products: the sum of x y', (p, q).
        left: the sum of ``x |y|^2``, (p,).
        right: the sum of ``|x|^2 y``, (q,).
        norms: the sum of ``|x|^2 |y|^2``, a scalar.
    """

    products: Matrix
    left: Matrix
    right: Matrix
    norms: float


@dataclass
class Moments:
    """Accumulates means and covariances of layers that saw the same samples, for all wanted pairs in one pass.

    Rows of a batch are samples, columns are neurons or channels. Batches are NumPy arrays or torch tensors; tensors are
    multiplied on their own device, and the sums are kept in float64 on the CPU.

    Attributes:
        samples: the number of samples seen so far.
    """

    samples: int = 0
    _shifts: dict[str, Matrix] = field(default_factory=dict)
    _sums: dict[str, Matrix] = field(default_factory=dict)
    _squares: dict[str, float] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)
    _wanted: tuple[tuple[str, str], ...] = ()

    def update(self, batch: Mapping[str, Any], pairs: Any) -> None:
        """Add a batch to the sums.

        Args:
            batch: the values of each layer by its name, (n, columns); n may differ between batches.
            pairs: the pairs of layer names to compare, the same in every batch. Each layer's own covariance is kept
                too.

        Raises:
            ValueError: if a value is not finite, the numbers of samples differ or are 0, or a layer's columns have
                changed.
        """
        arrays = {name: _double(values) for name, values in batch.items()}
        counts = {len(values) for values in arrays.values()}
        if len(counts) != 1 or counts == {0}:
            raise ValueError(f"layers of one batch must have seen the same samples, found {sorted(counts)} of them")
        wanted = tuple(dict.fromkeys([*((name, name) for name in arrays), *map(tuple, pairs)]))
        if self._wanted and wanted != self._wanted:
            raise ValueError(f"expected the layers and pairs of the first batch, {self._wanted}, found {wanted}")
        self._wanted = wanted
        shifted = {name: self._shifted(name, values) for name, values in arrays.items()}
        norms = {name: (values * values).sum(1) for name, values in shifted.items()}
        for name, values in shifted.items():
            self._sums[name] = self._sums.get(name, 0.0) + _host(values.sum(0))
            self._squares[name] = self._squares.get(name, 0.0) + float(norms[name].sum())
        for a, b in wanted:
            self._add(a, b, shifted, norms)
        self.samples += counts.pop()

    def covariance(self, a: str, b: str) -> Matrix:
        """The covariance of the columns of two layers, (p, q), with divisor n - 1.

        Raises:
            ValueError: if fewer than two samples were seen.
            KeyError: if the pair was not asked for.
        """
        if self.samples < 2:
            raise ValueError(f"a covariance needs two samples, found {self.samples}")
        products = self._pairs[a, b].products - np.outer(self._sums[a], self._sums[b]) / self.samples
        return np.asarray(products / (self.samples - 1))

    def mean(self, name: str) -> Matrix:
        """The mean of each column of a layer, (p,)."""
        return np.asarray(self._shifts[name] + self._sums[name] / self.samples)

    def unbiased_hsic(self, a: str, b: str) -> float:
        """The unbiased estimate of the Hilbert-Schmidt independence criterion with linear kernels.

        Source: Song et al. 2012, equation 4, https://jmlr.org/papers/v13/song12a.html, written with sums over columns,
        so that no matrix of samples by samples is made.

        Raises:
            ValueError: if fewer than four samples were seen.
        """
        n, pair = self.samples, self._pairs[a, b]
        if n < 4:
            raise ValueError(f"the unbiased estimate needs four samples, found {n}")
        left, right = self._sums[a], self._sums[b]
        trace = float((pair.products**2).sum()) - pair.norms
        total_a, total_b = float(left @ left) - self._squares[a], float(right @ right) - self._squares[b]
        rows = float(left @ pair.products @ right) - float(left @ pair.left) - float(right @ pair.right) + pair.norms
        return (trace + total_a * total_b / ((n - 1) * (n - 2)) - 2 * rows / (n - 2)) / (n * (n - 3))

    def _shifted(self, name: str, values: Any) -> Any:
        if name not in self._shifts:
            # A constant column is shifted by its value: its mean is rounded, and the rounding errors would be compared.
            constant = _host((values == values[:1]).all(0)) == 1
            self._shifts[name] = np.where(constant, _host(values[0]), _host(values.mean(0)))
        shift = self._shifts[name]
        if values.shape[1] != len(shift):
            raise ValueError(f"{name} had {len(shift)} columns before and has {values.shape[1]} now")
        if hasattr(values, "new_tensor"):
            return values - values.new_tensor(shift)
        return values - shift

    def _add(self, a: str, b: str, shifted: Mapping[str, Any], norms: Mapping[str, Any]) -> None:
        x, y = shifted[a], shifted[b]
        new = Pair(
            _host(x.T @ y), _host(x.T @ norms[b]), _host(y.T @ norms[a]), float((norms[a] * norms[b]).sum())
        )  # fmt: skip
        old = self._pairs.get((a, b))
        if old is not None:
            new.products += old.products
            new.left += old.left
            new.right += old.right
            new.norms += old.norms
        self._pairs[a, b] = new


def _double(values: Any) -> Any:
    """The values in float64 on their own device, checked to be a finite matrix."""
    if hasattr(values, "detach"):  # a tensor
        tensor = values.detach().double()
        if tensor.ndim != 2 or not bool(tensor.isfinite().all()):
            raise ValueError(f"expected finite numbers (samples, columns), found shape {tuple(tensor.shape)}")
        return tensor
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers (samples, columns), found shape {array.shape}")
    return array


def _host(values: Any) -> Matrix:
    return np.array(values.cpu().numpy() if hasattr(values, "cpu") else values, dtype=np.float64)
