"""How often each of several methods comes first when runs and test patients are drawn anew."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike


def share_first(scores: Mapping[str, ArrayLike], seed: int) -> dict[str, float]:
    """The share of resamples in which a method has the highest mean.

    In each resample the test patients are those of the resample, the same for all methods, and each method's runs are
    drawn with replacement: a bootstrap of both that a score depends on (Bouthillier et al. 2021, section 4,
    https://arxiv.org/abs/2103.03098). It is no probability that a method is best, which would need a prior; it says how
    firm the order is.

    Args:
        scores: of each method, (runs, resamples of the test patients), NaN where one is undefined.
        seed: of the draws of runs.

    Returns:
        Shares that add up to 1, ties divided equally, in the methods' order; resamples with an undefined mean are left
        out.

    Raises:
        ValueError: if there is no method, the numbers of resamples differ, or none is defined for all.
    """
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in scores.items()}
    sizes = {values.shape[1:] for values in arrays.values()}
    if len(sizes) != 1 or any(values.ndim != 2 or not len(values) for values in arrays.values()):
        raise ValueError(f"expected runs by the same resamples, found {[v.shape for v in arrays.values()]}")
    generator = np.random.default_rng(seed)
    means = []
    for values in arrays.values():
        runs, resamples = values.shape
        drawn = generator.integers(runs, size=(runs, resamples))
        means.append(np.take_along_axis(values, drawn, axis=0).mean(axis=0))
    of = np.array(means)
    of = of[:, ~np.isnan(of).any(axis=0)]
    if not of.shape[1]:
        raise ValueError("no resample has a score of every method")
    first = of == of.max(axis=0)
    shares = (first / first.sum(axis=0)).mean(axis=1)
    return dict(zip(arrays, map(float, shares), strict=True))
