"""Feature maps of convolutional layers, turned into the rows and columns that measures of similarity take.

Feature maps have the shape (n, c, h, w). Channels become columns. Rows are images (``pooled``), pixels (``folded``), or
pixels drawn as Raghu et al. 2019 draw them (``pixel_cca``). ``resized`` brings layers of different sizes to one size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.similarity import cca

Drawn = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Indices of the first and the second layer's channels."""


@dataclass(frozen=True)
class PixelCca:
    """Canonical correlations of two convolutional layers over drawn images and channels.

    Attributes:
        mean: the mean over the repeats; NaN if a layer did not vary at all in one of them.
        repeats: the mean canonical correlation of each repeat.
        rows: the number of pixels that each repeat compared.
        ranks: for each repeat, the number of directions of each layer that varied; it is below the number of channels
            where some are dead.
        floor: the mean over the repeats of what independent rows of these ranks would show. Pixels of an image are not
            independent: what unrelated images show (``unrelated``) is the stricter floor.
        channels: for each repeat, the channels drawn from the first and from the second layer, in rising order.
    """

    mean: float
    repeats: tuple[float, ...]
    rows: int
    ranks: tuple[tuple[int, int], ...]
    floor: float
    channels: tuple[Drawn, ...]


# Long: half of it says what the arguments are.
def pixel_cca(
    x: ArrayLike,
    y: ArrayLike,
    *,
    same_channels: bool,
    seed: int | np.random.Generator,
    rows: int = 10_000,
    channels: int = 64,
    repeats: int = 5,
    unrelated: bool = False,
) -> PixelCca:
    """CCA of two convolutional layers with pixels as samples, on a few channels that each repeat draws anew.

    Source: Raghu et al. 2019, appendix C, https://arxiv.org/abs/1902.07208, with the sizes of its published
    replication (Juodelyte et al. 2023, https://arxiv.org/abs/2302.08272). Each repeat draws ``rows / (h w)`` images,
    rounded and at least one, or takes all where there are fewer. If a feature map has more pixels than ``rows``, it
    draws that many pixels of one image. Both layers are read at the same images and pixels.

    CCA on some of the channels changes under maps that mix channels: two networks that differ by nothing but such a map
    score far below 1. So a network before and after training is compared on the same channels. Channels of two
    different networks do not correspond, so that each network's own are drawn.

    Args:
        x: feature maps (n, c, h, w) of the first layer.
        y: feature maps (n, d, h, w) of the second layer, for the same images in the same order.
        same_channels: whether the second layer is read at the channels drawn for the first, or at channels drawn for
            itself.
        seed: the seed, or the generator, of all random draws.
        rows: the number of pixels to aim at; it must exceed the number of channels, and should be ten times as large.
        channels: the number of channels to draw from each layer; a layer with fewer gives all of them.
        repeats: the number of repeats to average over.
        unrelated: whether to compare each image of the first layer with another image of the second, pixel by pixel.
            This gives a floor that keeps what the pixels of an image have in common.

    Raises:
        ValueError: if images, sizes or, with ``same_channels``, channels differ, a value is not finite, a number is not
            positive, there is no other image for ``unrelated``, or the rows are too few for so many channels.
    """
    first, second = _maps(x), _maps(y)
    if len(first) != len(second):
        raise ValueError(f"both layers must have seen the same images, found {len(first)} and {len(second)}")
    if first.shape[2:] != second.shape[2:]:
        raise ValueError(
            f"pixels correspond only in maps of one size, found {first.shape[2:]} and {second.shape[2:]} (h, w). "
            "Compare pooled(x) and pooled(y) by cca, or bring one to the other's size: resized(x, y.shape[2:])."
        )
    if same_channels and first.shape[1] != second.shape[1]:
        raise ValueError(
            f"the same channels need layers of as many, found {first.shape[1]} and {second.shape[1]}: compare with "
            "same_channels=False"
        )
    if min(rows, channels, repeats) < 1:
        raise ValueError(f"expected positive numbers, found rows={rows}, channels={channels}, repeats={repeats}")
    if unrelated and len(first) < 2:
        raise ValueError("unrelated images need two or more, found 1")
    generator = np.random.default_rng(seed)
    correlations, drawn = [], []
    for _ in range(repeats):
        a = _draw(generator, first.shape[1], channels)
        b = a if same_channels else _draw(generator, second.shape[1], channels)
        size = math.prod(first.shape[2:])
        order = generator.permutation(len(first))
        images = order[: max(round(rows / size), 1)]
        # Each image is paired with the next one of a random cycle, so that none is paired with itself.
        others = np.roll(order, -1)[: len(images)] if unrelated else images
        pixels = _draw(generator, size, rows)
        correlations.append(cca(_rows(first, images, a, pixels), _rows(second, others, b, pixels)))
        drawn.append((a, b))
    means = tuple(correlation.mean for correlation in correlations)
    return PixelCca(
        mean=float(np.mean(means)),
        repeats=means,
        rows=correlations[0].samples,
        ranks=tuple(correlation.ranks for correlation in correlations),
        floor=float(np.mean([correlation.floor for correlation in correlations])),
        channels=tuple(drawn),
    )


def pooled(maps: ArrayLike) -> NDArray[np.float64]:
    """The mean of each channel over the pixels, (n, c), with images as rows.

    Args:
        maps: feature maps (n, c, h, w).

    Raises:
        ValueError: if these are no maps, or a value is not finite.
    """
    return np.asarray(_maps(maps).mean(axis=(2, 3), dtype=np.float64))


def folded(maps: ArrayLike, stride: int = 1) -> NDArray[Any]:
    """Feature maps with pixels as rows, (n h w, c), image after image. Layers to compare must be of one size.

    Args:
        maps: feature maps (n, c, h, w).
        stride: the distance in pixels between those that are kept, in both directions, beginning with the first.

    Raises:
        ValueError: if these are no maps, a value is not finite, or the stride is not positive.
    """
    values = _maps(maps)
    if stride < 1:
        raise ValueError(f"expected a stride of 1 or more, found {stride}")
    kept = values[:, :, ::stride, ::stride]
    return np.asarray(kept.transpose(0, 2, 3, 1).reshape(-1, values.shape[1]))


def resized(maps: ArrayLike, size: tuple[int, int]) -> NDArray[np.float64]:
    """Feature maps resized by bilinear interpolation, as in torch with ``align_corners=False`` and no antialiasing.

    Args:
        maps: feature maps (n, c, h, w).
        size: the new height and width in pixels.

    Returns:
        (n, c, new h, new w).

    Raises:
        ValueError: if these are no maps, a value is not finite, or the size is not positive.
    """
    values = _maps(maps)
    if min(size) < 1:
        raise ValueError(f"expected a size of 1 or more, found {size}")
    rows, columns = (_interpolation(old, new) for old, new in zip(values.shape[2:], size, strict=True))
    return np.asarray(rows @ values @ columns.T)


def _maps(values: ArrayLike) -> NDArray[Any]:
    maps = np.asarray(values)
    if maps.ndim != 4 or 0 in maps.shape or not np.isfinite(maps).all():
        raise ValueError(f"expected finite numbers (images, channels, height, width), found shape {maps.shape}")
    return maps


def _draw(generator: np.random.Generator, count: int, size: int) -> NDArray[np.int64]:
    """Draw ``size`` of ``count`` indices without replacement, in rising order; all if there are no more."""
    return np.sort(generator.permutation(count)[:size])


def _rows(
    maps: NDArray[Any], images: NDArray[np.int64], channels: NDArray[np.int64], pixels: NDArray[np.int64]
) -> NDArray[Any]:
    """The values at the chosen images, channels and pixels, (images * pixels, channels)."""
    taken = maps[np.ix_(images, channels)].reshape(len(images), len(channels), -1)[:, :, pixels]
    return np.asarray(taken.transpose(0, 2, 1).reshape(-1, len(channels)))


def _interpolation(old: int, new: int) -> NDArray[np.float64]:
    """The weight of each old pixel in each new one along an axis, (new, old)."""
    centers = (np.arange(new) + 0.5) * old / new - 0.5
    return np.stack([np.interp(centers, np.arange(old), pixel) for pixel in np.eye(old)], axis=1)
