"""Measures of attention maps: the share of the image that a map marks, and the share of it that lies in a region."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def area(maps: ArrayLike, level: float = 0.5) -> NDArray[np.float64]:
    """The share of each image where its map reaches a given share of the map's own maximum.

    Half of the maximum is a common cut, as for the width of a peak. Class activation maps were first cut at 20 % to
    draw boxes (Zhou et al. 2016, section 3.2, https://arxiv.org/abs/1512.04150).

    Args:
        maps: attention maps (N, H, W) of values from 0.
        level: the cut, as a share of each map's maximum, in (0, 1].

    Returns:
        (N,) in [0, 1]; 0 for a map that is 0 everywhere.

    Raises:
        ValueError: if a value is negative or no number.
    """
    values = _checked(maps)
    highest = values.max(axis=(1, 2), keepdims=True)
    return np.asarray(((values >= level * highest) & (highest > 0)).mean(axis=(1, 2)))


def inside(maps: ArrayLike, regions: ArrayLike) -> NDArray[np.float64]:
    """The share of each map's sum that lies in a region, known as the energy-based pointing game.

    Source: Wang et al. 2020, Score-CAM, https://arxiv.org/abs/1910.01279.

    Args:
        maps: attention maps (N, H, W) of values from 0.
        regions: region masks (N, H, W): 1 inside, 0 outside, and between 0 and 1 where the border cuts a pixel.

    Returns:
        (N,) in [0, 1]; 0 for a map that is 0 everywhere.

    Raises:
        ValueError: if a value is negative or no number, or the sizes differ.
    """
    values, weights = _checked(maps), _checked(regions)
    if values.shape != weights.shape:
        raise ValueError(f"maps {values.shape} and regions {weights.shape} are not of one size")
    total = values.sum(axis=(1, 2))
    within = (values * weights).sum(axis=(1, 2))
    share: NDArray[np.float64] = np.divide(within, total, out=np.zeros_like(within), where=total > 0)
    return share


def _checked(maps: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(maps, dtype=np.float64)
    if values.ndim != 3 or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(f"expected maps (N, H, W) of finite numbers from 0, found shape {values.shape}")
    return values
