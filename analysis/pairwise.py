"""CCA of many layers with each other, where each layer is whitened once.

Every further pair then costs one matrix product and its singular values. Whitening is in float64. Whitened columns are
uncorrelated and of variance 1, so that single precision is safe for what follows (errors of some 1e-6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.similarity import Cca, result, whitened


@dataclass(frozen=True)
class Whitened:
    """A whitened layer, ready to be compared.

    Attributes:
        columns: (n, rank) in float32, uncorrelated columns of mean square 1 / n.
    """

    columns: NDArray[np.float32]


def whiten(x: ArrayLike, variance: float | None = None) -> Whitened:
    """Whiten a layer for ``compare``.

    Args:
        x: the layer's values (n, p), with samples as rows.
        variance: the share of the variance whose principal directions are kept, as SVCCA does; None: all, as CCA does.

    Raises:
        ValueError: if a value is not finite or there are fewer than two samples.
    """
    columns = whitened(x, variance, refine=False)
    return Whitened(np.ascontiguousarray(columns / np.sqrt(len(columns) - 1), dtype=np.float32))


def compare(a: Whitened, b: Whitened) -> Cca:
    """The canonical correlations of two whitened layers, in single precision.

    Raises:
        ValueError: if the numbers of samples differ, or are too few.
    """
    if len(a.columns) != len(b.columns):
        raise ValueError(f"both layers must have seen the same samples, found {len(a.columns)} and {len(b.columns)}")
    return result(a.columns.T @ b.columns, len(a.columns))
