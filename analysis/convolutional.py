"""Convolutional layers: from maps of images, channels and pixels to rows and columns that similarity takes.

Maps are (n, c, h, w). Channels are columns. Rows are images (``pooled``), pixels (``folded``), or pixels drawn as Raghu
et al. 2019 draw them (``pixel_cca``). Layers of different sizes are brought to one by ``resized``.
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
        mean: of the repeats; NaN if a layer did not vary at all in one of them.
        repeats: mean coefficient of each.
        rows: pixels that each repeat compared.
        ranks: of each repeat: directions of both layers that varied; fewer than channels where some are dead.
        floor: what independent rows of these ranks would show, mean over repeats. Pixels of an image are not
            independent: what unrelated images show (``unrelated``) is the stricter floor.
        channels: of each repeat: those drawn of the first and of the second layer, in rising order.
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
    """CCA with pixels as samples, of a few channels that are drawn anew in each repeat.

    Source: Raghu et al. 2019, appendix C, https://arxiv.org/abs/1902.07208, with the sizes of its published
    replication (Juodelyte et al. 2023, https://arxiv.org/abs/2302.08272). Each repeat draws ``rows / (h w)`` images,
    rounded and at least one, or takes all where there are not so many; of maps that have more pixels than ``rows`` it
    draws that many of one image's. Both layers are read at the same images and pixels.

    CCA of a part of the channels changes under maps that mix channels: two networks that differ by such a map alone
    score far below 1. So a network before and after training is compared on the same channels; channels of two
    networks do not correspond, and each network's own are drawn.

    Args:
        x: (n, c, h, w).
        y: (n, d, h, w), of the same images in the same order.
        same_channels: whether the second layer's channels are those drawn for the first, or its own.
        seed: of what is drawn.
        rows: to aim at; more than channels, better ten times as many.
        channels: of each layer; all if it has fewer.
        repeats: to take the mean of.
        unrelated: whether to set each image of the first layer against another image of the second, pixel by pixel: a
            floor that keeps what the pixels of an image have in common.

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
    found, drawn = [], []
    for _ in range(repeats):
        a = _draw(generator, first.shape[1], channels)
        b = a if same_channels else _draw(generator, second.shape[1], channels)
        size = math.prod(first.shape[2:])
        order = generator.permutation(len(first))
        images = order[: max(round(rows / size), 1)]
        # In a random cycle no image is its own successor.
        others = np.roll(order, -1)[: len(images)] if unrelated else images
        pixels = _draw(generator, size, rows)
        found.append(cca(_rows(first, images, a, pixels), _rows(second, others, b, pixels)))
        drawn.append((a, b))
    means = tuple(one.mean for one in found)
    return PixelCca(
        mean=float(np.mean(means)),
        repeats=means,
        rows=found[0].samples,
        ranks=tuple(one.ranks for one in found),
        floor=float(np.mean([one.floor for one in found])),
        channels=tuple(drawn),
    )


def pooled(maps: ArrayLike) -> NDArray[np.float64]:
    """The mean over space: images are rows, (n, c).

    Args:
        maps: (n, c, h, w).

    Raises:
        ValueError: if these are no maps, or a value is not finite.
    """
    return np.asarray(_maps(maps).mean(axis=(2, 3), dtype=np.float64))


def folded(maps: ArrayLike, stride: int = 1) -> NDArray[Any]:
    """Pixels are rows, (n h w, c), image after image; two layers must be of one size.

    Args:
        maps: (n, c, h, w).
        stride: every how many pixels, in both directions, one is taken, beginning with the first.

    Raises:
        ValueError: if these are no maps, a value is not finite, or the stride is not positive.
    """
    of = _maps(maps)
    if stride < 1:
        raise ValueError(f"expected a stride of 1 or more, found {stride}")
    kept = of[:, :, ::stride, ::stride]
    return np.asarray(kept.transpose(0, 2, 3, 1).reshape(-1, of.shape[1]))


def resized(maps: ArrayLike, size: tuple[int, int]) -> NDArray[np.float64]:
    """Bilinear interpolation to another size, pixels being areas (``align_corners=False``), without antialiasing.

    Args:
        maps: (n, c, h, w).
        size: new h and w.

    Returns:
        (n, c, new h, new w).

    Raises:
        ValueError: if these are no maps, a value is not finite, or the size is not positive.
    """
    of = _maps(maps)
    if min(size) < 1:
        raise ValueError(f"expected a size of 1 or more, found {size}")
    rows, columns = (_interpolation(old, new) for old, new in zip(of.shape[2:], size, strict=True))
    return np.asarray(rows @ of @ columns.T)


def _maps(values: ArrayLike) -> NDArray[Any]:
    maps = np.asarray(values)
    if maps.ndim != 4 or 0 in maps.shape or not np.isfinite(maps).all():
        raise ValueError(f"expected finite numbers (images, channels, height, width), found shape {maps.shape}")
    return maps


def _draw(generator: np.random.Generator, of: int, size: int) -> NDArray[np.int64]:
    """Indices in rising order; all if there are not more."""
    return np.sort(generator.permutation(of)[:size])


def _rows(
    maps: NDArray[Any], images: NDArray[np.int64], channels: NDArray[np.int64], pixels: NDArray[np.int64]
) -> NDArray[Any]:
    """Pixels of images, (images pixels, channels)."""
    taken = maps[np.ix_(images, channels)].reshape(len(images), len(channels), -1)[:, :, pixels]
    return np.asarray(taken.transpose(0, 2, 1).reshape(-1, len(channels)))


def _interpolation(old: int, new: int) -> NDArray[np.float64]:
    """Weights of the old pixels in each new one, (new, old)."""
    centers = (np.arange(new) + 0.5) * old / new - 0.5
    return np.stack([np.interp(centers, np.arange(old), pixel) for pixel in np.eye(old)], axis=1)
