"""How large the part of an image is that a map of attention marks, and how much of it lies where it should."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def area(maps: ArrayLike, level: float = 0.5) -> NDArray[np.float64]:
    """The share of an image where its map reaches a level of its own maximum.

    Half of the maximum is the common cut, as for the width of a peak. Class activation maps were first cut at 20 % to
    draw boxes (Zhou et al. 2016, section 3.2, https://arxiv.org/abs/1512.04150).

    Args:
        maps: (N, H, W), not negative.
        level: of the maximum, in (0, 1].

    Returns:
        (N,) in [0, 1]; 0 for a map that is 0 everywhere.

    Raises:
        ValueError: if a value is negative or no number.
    """
    of = _checked(maps)
    highest = of.max(axis=(1, 2), keepdims=True)
    return np.asarray(((of >= level * highest) & (highest > 0)).mean(axis=(1, 2)))


def inside(maps: ArrayLike, regions: ArrayLike) -> NDArray[np.float64]:
    """The share of a map's sum that lies in a region: the energy-based pointing game.

    Source: Wang et al. 2020, Score-CAM, https://arxiv.org/abs/1910.01279.

    Args:
        maps: (N, H, W), not negative.
        regions: (N, H, W), 1 inside, 0 outside, and between where a pixel is cut.

    Returns:
        (N,) in [0, 1]; 0 for a map that is 0 everywhere.

    Raises:
        ValueError: if a value is negative or no number, or the sizes differ.
    """
    of, places = _checked(maps), _checked(regions)
    if of.shape != places.shape:
        raise ValueError(f"maps {of.shape} and regions {places.shape} are not of one size")
    total = of.sum(axis=(1, 2))
    within = (of * places).sum(axis=(1, 2))
    share: NDArray[np.float64] = np.divide(within, total, out=np.zeros_like(within), where=total > 0)
    return share


def _checked(maps: ArrayLike) -> NDArray[np.float64]:
    of = np.asarray(maps, dtype=np.float64)
    if of.ndim != 3 or not np.isfinite(of).all() or (of < 0).any():
        raise ValueError(f"expected maps (N, H, W) of finite numbers from 0, found shape {of.shape}")
    return of
